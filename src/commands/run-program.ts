/** The names, arguments and options of all commands, and how each ends. */
import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { SIDES } from '../domain/record.ts';
import { COMMERCE_JOBS, ERROR_ACTIONS, ERROR_KINDS, ROLES } from '../domain/terms.ts';
import { CommandFailed, EXIT, printJson, tell } from './exit.ts';
import { explainDatabaseFault } from './explain-database-fault.ts';
import { DEFAULT_HOST, DEFAULT_PORT, PROCESS_ROLES } from './words.ts';

/** Loaded when it is asked for: help and a wrong argument need no database driver. */
type Work = () => Promise<(...given: never[]) => Promise<number>>;

/** The exit code of the command that the arguments name. */
export async function runProgram(argv: readonly string[]): Promise<number> {
  let exitCode: number = EXIT.clean;
  const json = argv.includes('--json');
  const program = buildProgram((work) => async (...given) => {
    const command = (await work()) as (...all: unknown[]) => Promise<number>;
    exitCode = await command(...given);
  });
  try {
    await program.parseAsync([...argv]);
    return exitCode;
  } catch (fault) {
    return endOf(fault, json);
  }
}

function endOf(fault: unknown, json: boolean): number {
  // Help and version are what was asked for; commander has written its message already.
  if (fault instanceof CommanderError) return fault.exitCode === 0 ? EXIT.clean : EXIT.usage;
  const explained = explainDatabaseFault(fault);
  if (explained instanceof CommandFailed) {
    if (json && explained.document !== null) printJson(explained.document);
    tell(explained.message);
    return explained.exitCode;
  }
  tell(`internal-error: ${explained instanceof Error ? (explained.stack ?? explained.message) : String(explained)}`);
  return EXIT.failed;
}

type Run = (work: Work) => (...given: unknown[]) => Promise<void>;

/** What every command takes. Options that are absent stay absent. */
const common = (command: Command, config = 'couplet.yaml', logLevel = 'warn'): Command =>
  command
    .option('-c, --config <file>', 'the configuration', config)
    .option('--json', 'answer in the shapes of the REST API', false)
    .addOption(
      new Option('--log-level <level>', 'what of the log is shown')
        .choices(['trace', 'debug', 'info', 'warn', 'error', 'silent'])
        .default(logLevel),
    );

const port = (text: string): number => {
  const number = Number(text);
  if (!/^\d{1,5}$/.test(text) || number > 65_535) throw new InvalidArgumentError('A port is a number up to 65535.');
  return number;
};
const count = (text: string): number => {
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new InvalidArgumentError('A number from 1 on is needed.');
  return Number(text);
};
const several = (text: string, before: readonly string[]): readonly string[] => [...before, text];

function buildProgram(run: Run): Command {
  const program = new Command('couplet')
    .description('Keeps the records of two business apps in step.')
    .version('0.1.0')
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('couplet --help lists commands and options.');
  addServing(program, run);
  addSetup(program, run);
  addWork(program, run);
  addErrors(program, run);
  addKeeping(program, run);
  // Each command reports wrong arguments by throwing, too.
  const all = (command: Command): Command[] => [command, ...command.commands.flatMap(all)];
  for (const command of all(program)) command.exitOverride();
  return program;
}

function addServing(program: Command, run: Run): void {
  common(program.command('start').description('run API, page, schedules and workers'), undefined, 'info')
    .option('--port <number>', 'where to listen', port, DEFAULT_PORT)
    .option('--host <address>', 'on which address to listen; others than loopback need auth', DEFAULT_HOST)
    .addOption(new Option('--role <role>', 'what this process does').choices([...PROCESS_ROLES]).default('all'))
    .option('--no-migrate', 'refuse a coupling database of another version instead of migrating it')
    .option('--no-install', 'leave the change capture to couplet install')
    .action(run(async () => (await import('./start.ts')).start));
  common(program.command('demo').description('try it: an embedded PostgreSQL with three demo stores'), '')
    .option('--port <number>', 'where to listen', port, DEFAULT_PORT)
    .action(run(async () => (await import('./demo.ts')).demo));
}

function addSetup(program: Command, run: Run): void {
  common(
    program.command('check').description('hold the configuration against the stores; exits 1 if anything is wrong'),
  ).action(run(async () => (await import('./check.ts')).check));
  common(program.command('install').description('put the change capture into the stores'))
    .option('--print', 'write the SQL instead of running it', false)
    .action(run(async () => (await import('./install.ts')).install));
  common(program.command('uninstall').description('take every trace of the change capture out of the stores')).action(
    run(async () => (await import('./install.ts')).uninstall),
  );
  common(program.command('migrate').description('bring the coupling database to the version of this program')).action(
    run(async () => (await import('./migrate.ts')).migrate),
  );
}

function addWork(program: Command, run: Run): void {
  common(program.command('sync').description('synchronize now; exits 0 clean, 3 with open errors, 1 if it failed'))
    .argument('[mappings...]', 'names of mappings; all of them if none is named')
    .option('--full', 'compare every record, whatever was captured', false)
    .addOption(
      new Option('--direction <direction>', 'only towards one side')
        .choices(['both', 'toHq', 'toChannel'])
        .default('both'),
    )
    .option('--channel <name>', 'only with this channel')
    .option('--dry-run', 'show what would be written and write nothing', false)
    .action(run(async () => (await import('./sync.ts')).sync));
  common(program.command('couple').description('couple records pair by pair'))
    .argument('<mapping>', 'the mapping of the records')
    .requiredOption('--pairs <file>', 'CSV with columns hqKey and channelKey (and winner), or JSON')
    .option('--channel <name>', 'the channel, where the mapping has several')
    .option('--reason <text>', 'kept in the log')
    .option('--dry-run', 'show what would be done and do nothing', false)
    .action(run(async () => (await import('./couple.ts')).couple));
  common(
    program
      .command('verify')
      .description('prove that both stores agree with the couplings; exits 3 when something differs'),
  )
    .argument('[mappings...]', 'names of mappings; all of them if none is named')
    .option('--channel <name>', 'only with this channel')
    .action(run(async () => (await import('./verify.ts')).verify));
  const commerce = program.command('commerce').description('customers that channels create and edit asynchronously');
  common(commerce.command('run').description('run one of the commerce jobs'))
    .addArgument(new Argument('<job>', 'the job').choices(COMMERCE_JOBS))
    .option('--channel <name>', 'only for this channel')
    .action(run(async () => (await import('./commerce.ts')).commerceRun));
}

function addErrors(program: Command, run: Run): void {
  common(program.command('errors').description('list what waits for somebody'))
    .option('--mapping <name>', 'only of this mapping')
    .option('--channel <name>', 'only with this channel')
    .addOption(new Option('--kind <kind>', 'only of this kind').choices([...ERROR_KINDS]))
    .option('--code <code>', 'only with this code')
    .addOption(new Option('--status <status>', 'open ones unless asked').choices(['open', 'resolved']))
    .action(run(async () => (await import('./errors.ts')).errors));
  common(program.command('resolve').description('decide about one error'))
    .argument('<id>', 'the error')
    .addArgument(new Argument('<action>', 'what to do').choices(ERROR_ACTIONS))
    .addOption(new Option('--winner <side>', 'the version that wins').choices([...SIDES]))
    .option('--field <name=side>', 'the version that wins for one field; may be repeated', several, [])
    .option(
      '--key <column=value>',
      'for couple: the record of the other side; repeated for each key column',
      several,
      [],
    )
    .option('--create', 'for couple: create the record of the other side', false)
    .option('--reason <text>', 'kept in the log')
    .option('--if-match <etag>', 'only if error and records are still as they were seen; * for what holds now')
    .option('--dry-run', 'show what would be written and write nothing', false)
    .action(run(async () => (await import('./resolve.ts')).resolve));
  common(program.command('log').description('what was done to one record, newest first'))
    .argument('<mapping>', 'the mapping of the record')
    .addArgument(new Argument('<side>', 'where the record is').choices(SIDES))
    .argument('<key...>', 'the key, its columns in the order of the mapping')
    .option('--channel <name>', 'only with this channel')
    .option('--limit <number>', 'at most so many entries', count, 100)
    .action(run(async () => (await import('./log.ts')).log));
  common(program.command('revert').description('take back what log entries tell of'))
    .argument('<logIds...>', 'the entries')
    .option('--reason <text>', 'kept in the log')
    .option('--dry-run', 'show what would be written and write nothing', false)
    .action(run(async () => (await import('./revert.ts')).revert));
}

function addKeeping(program: Command, run: Run): void {
  const keys = program.command('keys').description('API keys');
  common(keys.command('create').description('make a key; it is shown once'))
    .argument('<name>', 'who the key is for: the actor in the log')
    .addOption(new Option('--role <role>', 'what it permits').choices([...ROLES]).makeOptionMandatory())
    .option('--channel <name>', 'for the role channel: the one channel')
    .option('--expires <time>', 'a date (2027-01-31) or a time from now (90d, 12h, 2w, 1y)')
    .action(run(async () => (await import('./keys.ts')).createKey));
  common(keys.command('list').description('list keys, never their secrets')).action(
    run(async () => (await import('./keys.ts')).listKeys),
  );
  common(keys.command('revoke').description('end a key'))
    .argument('<name>', 'the key')
    .action(run(async () => (await import('./keys.ts')).revokeKey));
  common(program.command('forget').description('drop couplings and errors of what is gone from the configuration'))
    .argument('[mapping]', 'the mapping')
    .option('--channel <name>', 'the channel')
    .option('--dry-run', 'show what would be forgotten', false)
    .action(run(async () => (await import('./forget.ts')).forget));
}
