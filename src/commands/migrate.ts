/** `couplet migrate`: the coupling database made, or brought to the version of this program. */
import { migrateCouplingDatabase } from '../compose.ts';
import { readEnvironment } from '../config/environment.ts';
import { redactedUrl } from '../config/redact.ts';
import { explainDatabaseFault } from './explain-database-fault.ts';
import { EXIT, print, printJson } from './exit.ts';
import { type CommonOptions, couplingDatabaseUrl, loadSettings, loggerFor } from './open-couplet.ts';

export async function migrate(options: CommonOptions): Promise<number> {
  const environment = readEnvironment();
  const { settings } = await loadSettings(options.config, environment);
  const { url, close } = await couplingDatabaseUrl(settings, environment, loggerFor(options));
  try {
    await migrateCouplingDatabase(url).catch((fault: unknown) => {
      throw explainDatabaseFault(fault, url);
    });
    const database = redactedUrl(url);
    if (options.json) printJson({ database, current: true });
    else print(`The coupling database ${database} is of the version of this program.`);
    return EXIT.clean;
  } finally {
    await close();
  }
}
