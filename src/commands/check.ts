/** `couplet check`: the file, then the stores, then what the coupling database has to say; nothing is changed. */
import { composeSetup } from '../compose.ts';
import { readEnvironment } from '../config/environment.ts';
import { explainDatabaseFault } from './explain-database-fault.ts';
import { CommandFailed, EXIT, print, printJson, tell } from './exit.ts';
import { type CommonOptions, existingCouplingDatabase, loadSettings, loggerFor } from './open-couplet.ts';
import { type Finding, findingsTable } from './print-findings.ts';
import type { Problem } from '../config/problem.ts';

export async function check(options: CommonOptions): Promise<number> {
  const environment = readEnvironment();
  const { settings, configuration } = await loadSettings(options.config, environment);
  const { locate } = configuration;
  const log = loggerFor(options);
  let databaseFault: unknown = null;
  const atHand = await existingCouplingDatabase(settings, environment, log).catch((fault: unknown) => {
    databaseFault = fault;
    return null;
  });
  try {
    const setup = await composeSetup({ settings, log, locate }, atHand?.url ?? null);
    try {
      const { findings } = await setup.stores.check();
      const all = [
        ...warningsOf(configuration.problems),
        ...databaseFindings(databaseFault ?? setup.databaseFault, atHand?.url ?? null),
        ...findings,
      ];
      if (options.json) printJson({ problems: all.map((finding) => ({ ...finding, ...locate(finding.path) })) });
      else {
        tell(
          `Checked ${options.config}: ${settings.mappings.length} mappings, ${settings.channels.length + 1} stores.`,
        );
        print(findingsTable(all, locate));
      }
      return all.some(({ severity }) => severity === 'error') ? EXIT.failed : EXIT.clean;
    } finally {
      await setup.close();
    }
  } finally {
    await atHand?.close();
  }
}

/** What the file alone told: its errors have ended the command already. */
const warningsOf = (problems: readonly Problem[]): Finding[] =>
  problems.map(({ code, severity, path, message }) => {
    const parts = path.split('.');
    return {
      code,
      severity,
      side: null,
      channel: null,
      mapping: parts[0] === 'mappings' ? (parts[1] ?? null) : null,
      path: parts,
      message: message.replace(/\.$/, ''),
      remedy: '',
    };
  });

/** Older is a warning: the next start migrates it. */
function databaseFindings(fault: unknown, url: string | null): Finding[] {
  if (fault === null) return [];
  const explained = explainDatabaseFault(fault, url);
  if (!(explained instanceof CommandFailed)) throw fault;
  const { code, detail, remedy } = explained.document as { code: string; detail: string; remedy?: string };
  return [
    {
      code,
      severity: code === 'coupling-database-not-migrated' ? 'warning' : 'error',
      side: null,
      channel: null,
      mapping: null,
      path: ['database', 'url'],
      message: detail.replace(/\.$/, ''),
      remedy: remedy ?? '',
    },
  ];
}
