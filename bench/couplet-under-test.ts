/** Couplet as shipped, over the databases of the benchmark: every log entry, error and ledger row is written. */
import pino from 'pino';
import { type Couplet, compose } from '../src/compose.ts';
import { loadConfiguration } from '../src/config/load-configuration.ts';
import type { LaneReport } from '../src/engine/run/lane-run.ts';
import type { RunRequest } from '../src/engine/run/lane-run.ts';
import { runChannel } from '../src/engine/run/run-channel.ts';
import { lanesOf } from '../src/engine/lane/site.ts';
import { configuration } from './apps.ts';
import type { BenchServer } from './server.ts';

export interface CoupletUnderTest extends AsyncDisposable {
  readonly couplet: Couplet;
  /** One run over all that is pending, as the continuous schedule makes it. Failures end the benchmark unless expected. */
  run(options?: { readonly failuresExpected: boolean }): Promise<Counts>;
}

export interface Counts {
  readonly inserted: number;
  readonly modified: number;
  readonly deleted: number;
  readonly unchanged: number;
  readonly conflicts: number;
}

const REQUEST: RunRequest = {
  scope: 'modified',
  direction: 'both',
  fields: null,
  dryRun: false,
  trigger: 'change',
  actor: null,
  requestId: null,
  reason: null,
  jobId: null,
  children: false,
  waitForLaneMs: 5_000,
  stop: () => Promise.resolve(false),
};

export async function openCouplet(server: BenchServer, withAddresses = false): Promise<CoupletUnderTest> {
  const couplet = await openConfigured(server, configuration(server.url('hq'), server.url('channel'), withAddresses));
  return {
    couplet,
    async run({ failuresExpected } = { failuresExpected: false }) {
      const reports = await runChannel(couplet.site, couplet.memory, 'shop', lanesOf(couplet.site, 'shop'), REQUEST);
      return countsOf(reports, failuresExpected);
    },
    [Symbol.asyncDispose]: () => couplet.close(),
  };
}

/** Its capture installed; nothing runs yet. */
export async function openConfigured(server: BenchServer, text: string): Promise<Couplet> {
  const { settings, problems } = loadConfiguration(text, {});
  if (!settings) throw new Error(JSON.stringify(problems));
  const couplet = await compose({
    settings,
    databaseUrl: server.url('couplet'),
    log: pino({ level: 'warn' }),
    migrate: true,
  });
  for (const { result } of await couplet.install()) if (result instanceof Error) throw result;
  return couplet;
}

function countsOf(reports: readonly LaneReport[], failuresExpected: boolean): Counts {
  const counts = { inserted: 0, modified: 0, deleted: 0, unchanged: 0, conflicts: 0 };
  for (const { status, code, params, counters } of reports) {
    if (status !== 'succeeded') throw new Error(`the run ended as ${status}: ${code} ${JSON.stringify(params)}`);
    for (const side of [counters.toHq, counters.toChannel]) {
      counts.inserted += side.inserted;
      counts.modified += side.modified;
      counts.deleted += side.deleted;
      counts.unchanged += side.unchanged;
      if (side.failed > 0 && !failuresExpected) throw new Error(`${side.failed} records failed`);
    }
    counts.conflicts += counters.conflicts;
  }
  return counts;
}
