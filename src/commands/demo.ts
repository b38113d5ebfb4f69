/**
 * `couplet demo`, which is what `npm start` runs: an embedded PostgreSQL with three demo stores and a coupling database,
 * brought into step, edited by people, brought into step again, and served.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join, relative } from 'node:path';
import type { Couplet } from '../compose.ts';
import { type Environment, processSettings, readEnvironment } from '../config/environment.ts';
import { applyDemoEdits } from '../demo/apply-demo-edits.ts';
import { openDemoOperations } from '../demo/record-demo-operations.ts';
import { createDemoStores, demoConfigurationFile, type DemoStores } from '../demo/create-demo-stores.ts';
import type { EmbeddedPostgres } from '../embedded/embedded-postgres.ts';
import { printDemoSummary } from './demo-summary.ts';
import { endWithGrace } from './end-with-grace.ts';
import { CommandFailed, EXIT, tell } from './exit.ts';
import { allItems, expectGood, queryOf } from './ask-api.ts';
import { followJob, type JobDocument } from './follow-job.ts';
import {
  askHere,
  type CommonOptions,
  embeddedDir,
  loggerFor,
  type OpenCouplet,
  openCouplet,
  openEmbedded,
} from './open-couplet.ts';
import { textOf } from './print-table.ts';
import { recordConfiguration } from './record-configuration.ts';
import { explainListening, serve } from './serve.ts';
import { pageIfPossible } from '../web-build/ensure-page-built.ts';
import { tellInstalled } from './tell-installed.ts';
import { DEFAULT_HOST } from './words.ts';

export interface DemoOptions extends CommonOptions {
  readonly port: number;
}

const COMMAND = 'npm start --';
const DATABASE = 'couplet_demo';

export async function demo(options: DemoOptions): Promise<number> {
  const { port } = options;
  // Before anything is made: whoever finds the port taken may have the demo running already.
  await requireFreePort(port);
  const pageFolder = await pageIfPossible(tell);
  const environment = readEnvironment();
  const { dataDir } = processSettings(environment);
  const log = loggerFor(options);
  const embedded = await openEmbedded(embeddedDir(dataDir), log);
  const ends: (() => Promise<unknown>)[] = [() => embedded.stop()];
  const end = async (): Promise<void> => {
    for (const one of ends.toReversed()) await one();
  };
  // Ctrl-C during the first load, too, leaves nothing running.
  let serving = false;
  const interrupted = endWithGrace(log, async () => {
    if (!serving) tell('Stopping…');
    await end();
  });
  try {
    const stores = await createDemoStores(embedded);
    const file = await writeConfiguration(options.config, dataDir, embedded, stores);
    const opened = await openCouplet({ ...options, config: file, migrate: true }, withoutDatabase(environment));
    ends.push(async () => opened[Symbol.asyncDispose]());
    await recordConfiguration(opened, file, 'local');
    await bringIntoStep(opened, stores);
    const running = await serve(opened.couplet, {
      host: DEFAULT_HOST,
      port,
      role: 'all',
      install: true,
      pageFolder,
      command: COMMAND,
    });
    ends.push(() => running.stop());
    serving = true;
    const here = await askHere(opened.couplet);
    const where = {
      address: running.address ?? '',
      hasPage: pageFolder !== null,
      file: relative(process.cwd(), file),
      dataDir,
    };
    await printDemoSummary(here.ask, where, options.json);
    await here.close();
  } catch (fault) {
    await end();
    throw fault;
  }
  return interrupted;
}

async function requireFreePort(port: number): Promise<void> {
  const probe = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      probe.once('error', reject);
      probe.listen(port, DEFAULT_HOST, resolve);
    });
  } catch (fault) {
    throw explainListening(fault, DEFAULT_HOST, port, COMMAND);
  } finally {
    probe.close();
  }
}

/** Whatever coupling database the environment names for other stores is none of the demo's. */
const withoutDatabase = ({ COUPLET_DATABASE_URL: _, ...environment }: Environment): Environment => environment;

/** With the addresses of this start in it, so that the other commands can be tried on the demo. It holds a password. */
async function writeConfiguration(
  given: string,
  dataDir: string,
  embedded: EmbeddedPostgres,
  { hqUrl, houstonUrl, onlineUrl }: DemoStores,
): Promise<string> {
  await embedded.ensureDatabase(DATABASE);
  const text = await readFile(given === '' ? demoConfigurationFile : given, 'utf8').catch((fault: unknown) => {
    throw new CommandFailed(
      EXIT.usage,
      `${given} cannot be read: ${fault instanceof Error ? fault.message : String(fault)}`,
    );
  });
  const filled = text
    .replaceAll('${HQ_URL}', hqUrl)
    .replaceAll('${HOUSTON_URL}', houstonUrl)
    .replaceAll('${ONLINE_URL}', onlineUrl)
    .replace(/^version: 1$/m, `version: 1\n\ndatabase: { url: "${embedded.url(DATABASE)}" }`);
  const file = join(dataDir, 'couplet.demo.yaml');
  await writeFile(file, filled, { mode: 0o600 });
  return file;
}

/** On the first start: load, let people edit in all three apps, synchronize again. Later starts find it done. */
async function bringIntoStep({ couplet }: OpenCouplet, stores: DemoStores): Promise<void> {
  for (const installed of await couplet.install()) tellInstalled(couplet.settings, installed);
  const states = await couplet.database.laneStates();
  // Lanes of commerce, which begin with `@`, have no run of their own.
  if (states.some(({ lane, firstRunDone }) => !firstRunDone && !lane.mapping.startsWith('@')))
    await run({ couplet }, 'First synchronization');
  if (await applyDemoEdits(stores)) {
    tell('People edit in HQ, in Houston and on the web…');
    await run({ couplet }, 'Second synchronization');
  }
  await recordOperations(couplet, stores);
}

/** Operations of customers in every state: come through, failed and what waits behind, in conflict, set aside, on the way. */
async function recordOperations(couplet: Couplet, { houstonUrl, hqUrl }: DemoStores): Promise<void> {
  await using operations = openDemoOperations(houstonUrl, hqUrl);
  if (!(await operations.isFirstTime())) return;
  tell('Tills in Houston record customers while they work on their own…');
  const startedAt = Date.now();
  const here = await askHere(couplet);
  try {
    const job = async (name: string): Promise<void> => {
      const asked = expectGood(await here.ask('POST', `/commerce/jobs/${name}/run`, { body: {} })) as JobDocument;
      const { status, code, message } = await followJob(here.ask, here.queue, asked.id, name);
      if (status !== 'succeeded')
        throw new CommandFailed(EXIT.failed, `The job ${name} ended as ${status}: ${code ?? ''} ${message ?? ''}`);
    };
    const of = async (name: string): Promise<string> =>
      textOf((await allItems(here.ask, '/customer-operations', queryOf({ 'field.name': name })))[0]?.['id']);
    await operations.recordNewCustomers();
    await job('pipeline');
    await operations.recordOpposingEdits();
    await job('p-job');
    await job('synchronize-customers');
    const reason = 'Entered to try the till';
    expectGood(
      await here.ask('POST', `/customer-operations/${await of('TEST please ignore')}/dismiss`, { body: { reason } }),
    );
    await operations.recordForPull();
    await job('p-job');
    expectGood(await here.ask('POST', `/customer-operations/${await of('Ines Okafor')}/edit`, { body: {} }));
    await operations.recordWaiting();
    await job('1010');
    tell(`Customer operations: on their way in ${((Date.now() - startedAt) / 1_000).toFixed(1)} s`);
  } finally {
    await here.close();
  }
}

async function run({ couplet }: Pick<OpenCouplet, 'couplet'>, what: string): Promise<void> {
  const here = await askHere(couplet);
  const startedAt = Date.now();
  try {
    const { id } = await here.queue.enqueue({
      kind: 'synchronize',
      mapping: null,
      channel: null,
      parentId: null,
      scope: 'modified',
      direction: 'both',
      dryRun: false,
      trigger: 'manual',
      actor: 'local',
      requestId: null,
      body: null,
    });
    const job = await followJob(here.ask, here.queue, id, what);
    if (job.status !== 'succeeded')
      throw new CommandFailed(
        EXIT.failed,
        `The ${what.toLowerCase()} ended as ${job.status}: ${job.code ?? ''} ${job.message ?? ''}`,
      );
    tell(`${what}: ${job.progress.done} records looked at in ${((Date.now() - startedAt) / 1_000).toFixed(1)} s`);
  } finally {
    await here.close();
  }
}
