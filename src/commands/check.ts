/** `couplet check`: the file, then the stores, then what the coupling database has to say; nothing is changed. */
import type { Logger } from 'pino';
import { composeSetup } from '../compose.ts';
import { readEnvironment } from '../config/environment.ts';
import type { LoadedConfiguration } from '../config/load-configuration.ts';
import { formatProblems, pathText, type Problem } from '../config/problem.ts';
import { readConfiguration } from '../config/read-configuration.ts';
import type { Settings } from '../config/settings.ts';
import type { Environment } from '../config/substitute-variables.ts';
import { explainDatabaseFault } from './explain-database-fault.ts';
import { CommandFailed, EXIT, print, printJson, tell } from './exit.ts';
import { type CommonOptions, existingCouplingDatabase, type loadSettings, loggerFor } from './open-couplet.ts';
import { type Finding, findingsTable, formatFindings } from './print-findings.ts';

export async function check(options: CommonOptions): Promise<number> {
  const environment = readEnvironment();
  const { settings, configuration } = await readSettings(options, environment);
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

/**
 * The stores are looked at even when the file has errors, as far as it can be read: nobody shall learn of one mistake only
 * after having mended another. It ends as any command with a wrong file does, with these problems added.
 */
async function readSettings(
  options: CommonOptions,
  environment: Environment,
): Promise<Awaited<ReturnType<typeof loadSettings>>> {
  const configuration = await readConfiguration(options.config, environment);
  const { settings, rest, problems, locate } = configuration;
  if (settings !== null) return { settings, configuration };
  const found = rest === null ? [] : await errorsInStores(rest, configuration, loggerFor(options));
  const text = formatProblems(problems, options.config);
  throw new CommandFailed(
    EXIT.usage,
    found.length === 0 ? text : `${text}\n\nIn the stores:\n${formatFindings(found, options.config, locate)}`,
    {
      problems: [
        ...problems,
        ...found.map((finding) => ({ ...finding, ...locate(finding.path), path: pathText(finding.path) })),
      ],
    },
  );
}

/** Only errors, and none that follows from what the file has wrong: what is missing there would be missed here. */
async function errorsInStores(
  settings: Settings,
  { problems, locate }: LoadedConfiguration,
  log: Logger,
): Promise<readonly Finding[]> {
  const setup = await composeSetup({ settings, log, locate }, null);
  try {
    const { findings } = await setup.stores.check();
    return findings.filter(({ severity, path }) => {
      const place = pathText(path);
      const isWrong = problems.some(
        (told) => told.path.startsWith(place) && /^(?:$|[.[])/.test(told.path.slice(place.length)),
      );
      return severity === 'error' && !isWrong;
    });
  } finally {
    await setup.close();
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
