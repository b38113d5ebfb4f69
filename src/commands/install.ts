/** `couplet install` and `couplet uninstall`: the change capture put into the stores, written out, or taken out again. */
import { composeSetup, type Couplet } from '../compose.ts';
import { readEnvironment } from '../config/environment.ts';
import type { Settings } from '../config/settings.ts';
import { describeCode } from '../domain/describe-change.ts';
import { EXIT, print, printJson, tell } from './exit.ts';
import { type CommonOptions, loadSettings, loggerFor } from './open-couplet.ts';

type Stores = Couplet['stores'];
type Store = Stores['all'][number];

interface StoreOutcome {
  readonly side: string;
  readonly channel: string | null;
  readonly name: string;
  readonly installed?: readonly string[];
  readonly unchanged?: readonly string[];
  readonly problems: readonly { readonly code: string; readonly message: string }[];
}

const tableText = ({ schema, name }: { readonly schema: string | null; readonly name: string }): string =>
  schema === null ? name : `${schema}.${name}`;

const faultOf = (fault: unknown): StoreOutcome['problems'][number] => {
  const code = fault instanceof Error && 'code' in fault ? String(fault.code) : 'internal-error';
  return { code, message: fault instanceof Error ? fault.message : String(fault) };
};

export async function install(options: CommonOptions & { readonly print: boolean }): Promise<number> {
  return withStores(options, (stores, nameOf) =>
    options.print ? printScripts(stores, nameOf, options.json) : installAll(stores, nameOf, options.json),
  );
}

async function installAll(stores: Stores, nameOf: (store: Store) => string, json: boolean): Promise<number> {
  const outcomes = (await stores.install()).map(({ store, result }): StoreOutcome => {
    const of = { side: store.side, channel: store.channel, name: nameOf(store) };
    if (result instanceof Error) return { ...of, problems: [faultOf(result)] };
    return {
      ...of,
      installed: result.installed.map(tableText),
      unchanged: result.unchanged.map(tableText),
      problems: result.problems.map(({ code, params }) => ({ code, message: describeCode(code, params) })),
    };
  });
  if (json) printJson({ stores: outcomes });
  else for (const outcome of outcomes) printOutcome(outcome);
  return outcomes.some(({ problems }) => problems.length > 0) ? EXIT.failed : EXIT.clean;
}

function printOutcome({ name, installed = [], unchanged = [], problems }: StoreOutcome): void {
  const parts = [
    ...(installed.length > 0 ? [`installed on ${installed.join(', ')}`] : []),
    ...(unchanged.length > 0 ? [`in place already on ${unchanged.join(', ')}`] : []),
  ];
  if (parts.length > 0) print(`${name}: ${parts.join('; ')}`);
  for (const { code, message } of problems) tell(`${name}: ${code}: ${message}`);
}

/** One script per store, for somebody who may run it there. */
async function printScripts(stores: Stores, nameOf: (store: Store) => string, json: boolean): Promise<number> {
  const scripts: { side: string; channel: string | null; name: string; sql: string }[] = [];
  let failed = false;
  for (const store of stores.all) {
    try {
      scripts.push({
        side: store.side,
        channel: store.channel,
        name: nameOf(store),
        sql: await stores.installScript(store),
      });
    } catch (fault) {
      failed = true;
      tell(`${nameOf(store)}: ${faultOf(fault).message}`);
    }
  }
  if (json) printJson({ stores: scripts });
  else for (const { name, sql } of scripts) print(`-- ${name}\n${sql}`);
  return failed ? EXIT.failed : EXIT.clean;
}

export async function uninstall(options: CommonOptions): Promise<number> {
  return withStores(options, async (stores, nameOf) => {
    const outcomes: StoreOutcome[] = [];
    for (const store of stores.all) {
      const of = { side: store.side, channel: store.channel, name: nameOf(store) };
      try {
        await store.uninstall();
        outcomes.push({ ...of, problems: [] });
      } catch (fault) {
        outcomes.push({ ...of, problems: [faultOf(fault)] });
      }
    }
    if (options.json) printJson({ stores: outcomes });
    for (const { name, problems } of outcomes) {
      if (problems.length === 0 && !options.json) print(`${name}: nothing of Couplet is left.`);
      for (const { code, message } of problems) tell(`${name}: ${code}: ${message}`);
    }
    return outcomes.some(({ problems }) => problems.length > 0) ? EXIT.failed : EXIT.clean;
  });
}

async function withStores(
  options: CommonOptions,
  work: (stores: Stores, nameOf: (store: Store) => string) => Promise<number>,
): Promise<number> {
  const { settings, configuration } = await loadSettings(options.config, readEnvironment());
  const setup = await composeSetup({ settings, log: loggerFor(options), locate: configuration.locate }, null);
  try {
    return await work(setup.stores, (store) => nameIn(settings, store));
  } finally {
    await setup.close();
  }
}

export const nameIn = (settings: Settings, { side, channel }: Pick<Store, 'side' | 'channel'>): string =>
  side === 'hq'
    ? settings.hq.name
    : (settings.channels.find((known) => known.channel === channel)?.name ?? channel ?? '');
