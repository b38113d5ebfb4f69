/** What every command begins with: the configuration read, the coupling database found, everything wired. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { compose, type Couplet } from '../compose.ts';
import { type Environment, processSettings, readEnvironment } from '../config/environment.ts';
import type { LoadedConfiguration } from '../config/load-configuration.ts';
import { parseStoreUrl } from '../config/parse-text.ts';
import { formatProblems } from '../config/problem.ts';
import { readConfiguration } from '../config/read-configuration.ts';
import type { Settings } from '../config/settings.ts';
import {
  type EmbeddedPostgres,
  findRunningEmbeddedPostgres,
  startEmbeddedPostgres,
} from '../embedded/embedded-postgres.ts';
import { createLogger } from '../logging/create-logger.ts';
import { type AskApi, askApiOf } from './ask-api.ts';
import { explainDatabaseFault } from './explain-database-fault.ts';
import { CommandFailed, EXIT, tell } from './exit.ts';
import { type QueueHere, queueHere } from './queue-here.ts';

export interface CommonOptions {
  readonly config: string;
  readonly json: boolean;
  readonly logLevel: string;
}

export interface OpenOptions extends CommonOptions {
  readonly migrate: boolean;
}

export interface OpenCouplet extends AsyncDisposable {
  readonly couplet: Couplet;
  readonly configuration: LoadedConfiguration;
  readonly databaseUrl: string;
}

/** A command's way to ask and act: the API within this process, and the jobs that it asks for, carried out here. */
export interface OpenApi extends OpenCouplet {
  readonly ask: AskApi;
  readonly queue: QueueHere;
}

export const loggerFor = (options: Pick<CommonOptions, 'logLevel'>): Logger =>
  createLogger({ level: options.logLevel, pretty: process.stderr.isTTY });

/** Exits 2 with every problem at once when the file is wrong. */
export async function loadSettings(
  file: string,
  environment: Environment,
): Promise<{ settings: Settings; configuration: LoadedConfiguration }> {
  const configuration = await readConfiguration(file, environment);
  const { settings, problems } = configuration;
  if (!settings) throw new CommandFailed(EXIT.usage, formatProblems(problems, file), { problems });
  return { settings, configuration };
}

export async function openCouplet(options: OpenOptions, environment = readEnvironment()): Promise<OpenCouplet> {
  const { settings, configuration } = await loadSettings(options.config, environment);
  const log = loggerFor(options);
  const { url, close: closeDatabase } = await couplingDatabaseUrl(settings, environment, log);
  try {
    const { locate } = configuration;
    const couplet = await compose({ settings, databaseUrl: url, log, migrate: options.migrate, locate }).catch(
      (fault: unknown) => {
        throw explainDatabaseFault(fault, url);
      },
    );
    return {
      couplet,
      configuration,
      databaseUrl: url,
      async [Symbol.asyncDispose]() {
        await couplet.close();
        await closeDatabase();
      },
    };
  } catch (fault) {
    await closeDatabase();
    throw fault;
  }
}

/** Commands act as `local`, whoever may call from outside: who can read the configuration can reach the stores. */
export async function openApi(options: OpenOptions, environment = readEnvironment()): Promise<OpenApi> {
  const opened = await openCouplet(options, environment);
  try {
    const here = await askHere(opened.couplet);
    return {
      ...opened,
      ...here,
      async [Symbol.asyncDispose]() {
        await here.close();
        await opened[Symbol.asyncDispose]();
      },
    };
  } catch (fault) {
    await opened[Symbol.asyncDispose]();
    throw fault;
  }
}

export async function askHere(
  couplet: Couplet,
): Promise<Pick<OpenApi, 'ask' | 'queue'> & { close: () => Promise<void> }> {
  const queue = queueHere(couplet);
  // A refusal is the command's own answer; the log would say it a second time.
  const level = couplet.log.isLevelEnabled('info') ? couplet.log.level : 'error';
  const log = couplet.log.child({}, { level });
  const server = await couplet.buildServer({ jobs: queue, auth: { kind: 'local' }, log });
  return {
    queue,
    ask: askApiOf(server),
    async close() {
      await queue.stop();
      await server.close();
    },
  };
}

const COUPLING_DATABASE = 'couplet';

interface DatabaseAtHand {
  readonly url: string;
  readonly close: () => Promise<void>;
}

/** The environment goes before the file; without either, the embedded server, shared with a process that runs it already. */
export async function couplingDatabaseUrl(
  settings: Settings,
  environment: Environment,
  log: Logger,
): Promise<DatabaseAtHand> {
  const { databaseUrl, dataDir } = processSettings(environment);
  const given = databaseUrl ?? settings.database?.url ?? null;
  if (given) {
    refuseUnreadable(given, databaseUrl === null ? 'database.url' : 'COUPLET_DATABASE_URL');
    return { url: given, close: () => Promise.resolve() };
  }
  const embedded = await openEmbedded(embeddedDir(dataDir), log);
  await embedded.ensureDatabase(COUPLING_DATABASE);
  return { url: embedded.url(COUPLING_DATABASE), close: () => embedded.stop() };
}

/** Where it was given is named, never what was: there may be a password anywhere in it. */
function refuseUnreadable(url: string, from: string): void {
  const parsed = parseStoreUrl(url);
  const isReadable = 'value' in parsed && isDecodable(url) && (URL.canParse(url) || URL.canParse(firstHost(url)));
  if (isReadable) return;
  const reason =
    'problem' in parsed ? parsed.problem.message : 'it holds characters that have to be written as %20 and the like';
  const detail = `${from} is not an address that can be used: ${reason}`;
  const remedy = 'Write it as postgres://user:password@host:5432/database.';
  throw new CommandFailed(EXIT.usage, `url-invalid: ${detail}. ${remedy}`, { code: 'url-invalid', detail, remedy });
}

/** Several hosts are an address that only the driver reads. */
const firstHost = (url: string): string => url.replace(/,[^/?@]*(?=[/?]|$)/, '');

function isDecodable(url: string): boolean {
  try {
    return decodeURIComponent(url) !== '';
  } catch {
    return false;
  }
}

/** Null where there is none yet: an embedded one is not made by a command that only looks. */
export async function existingCouplingDatabase(
  settings: Settings,
  environment: Environment,
  log: Logger,
): Promise<DatabaseAtHand | null> {
  const { databaseUrl, dataDir } = processSettings(environment);
  const named = databaseUrl !== null || settings.database !== null;
  if (!named && !existsSync(embeddedDir(dataDir))) return null;
  return couplingDatabaseUrl(settings, environment, log);
}

export const embeddedDir = (dataDir: string): string => join(dataDir, 'postgres');

export async function openEmbedded(dataDir: string, log: Logger): Promise<EmbeddedPostgres> {
  const running = await findRunningEmbeddedPostgres({ dataDir });
  if (running) return running;
  if (!existsSync(dataDir)) tell('Setting up an embedded PostgreSQL, once…');
  return startEmbeddedPostgres({
    dataDir,
    log: { info: (text) => log.debug(text), warn: (text) => log.warn(text), error: (text) => log.error(text) },
  });
}
