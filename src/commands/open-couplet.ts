/** What every command begins with: the configuration read, the coupling database found, everything wired. */
import { join } from 'node:path';
import type { Logger } from 'pino';
import { compose, type Couplet } from '../compose.ts';
import { type Environment, processSettings, readEnvironment } from '../config/environment.ts';
import { formatProblems } from '../config/problem.ts';
import { readConfiguration } from '../config/read-configuration.ts';
import type { LoadedConfiguration } from '../config/load-configuration.ts';
import type { Settings } from '../config/settings.ts';
import {
  type EmbeddedPostgres,
  findRunningEmbeddedPostgres,
  startEmbeddedPostgres,
} from '../embedded/embedded-postgres.ts';
import { createLogger } from '../logging/create-logger.ts';
import { CommandFailed, EXIT } from './exit.ts';

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

export const loggerFor = (options: Pick<CommonOptions, 'logLevel'>): Logger =>
  createLogger({ level: options.logLevel, pretty: process.stderr.isTTY === true });

/** Exits 2 with every problem at once when the file is wrong. */
export async function loadSettings(
  file: string,
  environment: Environment,
): Promise<{ settings: Settings; configuration: LoadedConfiguration }> {
  const configuration = await readConfiguration(file, environment);
  const { settings } = configuration;
  if (!settings) throw new CommandFailed(EXIT.usage, formatProblems(configuration.problems, file));
  return { settings, configuration };
}

export async function openCouplet(options: OpenOptions): Promise<OpenCouplet> {
  const environment = readEnvironment();
  const { settings, configuration } = await loadSettings(options.config, environment);
  const log = loggerFor(options);
  const { url, close: closeDatabase } = await couplingDatabaseUrl(settings, environment, log);
  try {
    const couplet = await compose({ settings, databaseUrl: url, log, migrate: options.migrate });
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

const COUPLING_DATABASE = 'couplet';

/** The environment goes before the file; without either, the embedded server, shared with a process that runs it already. */
async function couplingDatabaseUrl(
  settings: Settings,
  environment: Environment,
  log: Logger,
): Promise<{ url: string; close: () => Promise<void> }> {
  const { databaseUrl, dataDir } = processSettings(environment);
  const given = databaseUrl ?? settings.database?.url ?? null;
  if (given) return { url: given, close: () => Promise.resolve() };
  const embedded = await openEmbedded(join(dataDir, 'postgres'), log);
  await embedded.ensureDatabase(COUPLING_DATABASE);
  return { url: embedded.url(COUPLING_DATABASE), close: () => embedded.stop() };
}

export async function openEmbedded(dataDir: string, log: Logger): Promise<EmbeddedPostgres> {
  const running = await findRunningEmbeddedPostgres({ dataDir });
  if (running) return running;
  return startEmbeddedPostgres({
    dataDir,
    log: { info: (text) => log.debug(text), warn: (text) => log.warn(text), error: (text) => log.error(text) },
  });
}
