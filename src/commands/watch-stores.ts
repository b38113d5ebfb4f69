/**
 * What a running Couplet says of its stores: each change of their state once, in the log and for `GET /stores`. A store
 * that comes (back) gets its capture, and is then looked at against the mappings.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Couplet } from '../compose.ts';
import { describeCode } from '../domain/describe-change.ts';
import type { Json } from '../domain/record.ts';
import { entryOf, isErrorCode } from '../errors/catalogue.ts';
import { nameIn } from './install.ts';

type Store = Couplet['stores']['all'][number];
export type StoreReport = Parameters<Parameters<Couplet['startWorker']>[1]>[0];

export interface StoreWatch {
  report(report: StoreReport): void;
  /** Puts the capture into all stores that can be reached and looks at them; the others follow when they are back. */
  begin(): Promise<void>;
  /** Waits for what is under way. */
  stop(): Promise<void>;
}

export interface WatchOptions {
  readonly install: boolean;
  readonly compareMs?: number;
  readonly log: Logger;
  /** All stores have been looked at once, or could not be. */
  readonly onFirstLook?: () => void;
}

/** A store as this process knows it. */
interface Known {
  readonly store: Store;
  readonly name: string;
  state: StoreReport['state'] | null;
  code: string | null;
  installed: boolean;
  busy: boolean;
  triedAt: number;
  comparedAt: number;
  /** What is noted of it is noted in the order of the reports. */
  noting: Promise<void>;
}

/** A capture that cannot be put in needs somebody; it is tried again no more often than this. */
const INSTALL_AGAIN_MS = 15_000;
/** What `GET /stores` says is held against what this process sees no more often than this. */
const COMPARE_MS = 60_000;
const STOP_MS = 3_000;

export function watchStores(couplet: Couplet, options: WatchOptions): StoreWatch {
  const { install, log, compareMs = COMPARE_MS, onFirstLook = () => {} } = options;
  const stores = couplet.stores.all.map((store): Known => {
    const name = nameIn(couplet.settings, store);
    return {
      store,
      name,
      state: null,
      code: null,
      installed: !install,
      busy: false,
      triedAt: 0,
      comparedAt: Date.now(),
      noting: Promise.resolve(),
    };
  });
  const work = new Set<Promise<unknown>>();
  let stopped = false;
  const inBackground = (task: Promise<unknown>): void => {
    const settled: Promise<unknown> = task
      .catch((fault: unknown) =>
        log.error({ fault: fault instanceof Error ? fault.message : String(fault) }, 'looking at a store failed'),
      )
      .finally(() => work.delete(settled));
    work.add(settled);
  };
  const noteInTurn = (known: Known, task: () => Promise<void>): void => {
    known.noting = known.noting.then(task, task);
    inBackground(known.noting);
  };
  return {
    report(report) {
      const known = stores.find(({ store }) => store.side === report.side && store.channel === report.channel);
      if (known === undefined || stopped) return;
      const changed = known.state !== report.state || known.code !== report.code;
      sayChange(log, known, report);
      // The capture of a store that answers may be missing: it was away at the start, or its tables were made anew.
      if (install && report.code === 'capture-missing') known.installed = false;
      if (report.state !== 'unreachable' && !known.installed) {
        inBackground(installInto(couplet, log, known).then(() => (known.installed ? look(couplet, log) : undefined)));
      } else if (changed) noteInTurn(known, () => note(couplet, known, report));
      else if (Date.now() - known.comparedAt >= compareMs) {
        known.comparedAt = Date.now();
        noteInTurn(known, () => correct(couplet, known, report));
      }
    },
    async begin() {
      await Promise.all(stores.map((known) => installInto(couplet, log, known)));
      if (!stopped) inBackground(look(couplet, log).finally(onFirstLook));
    },
    async stop() {
      stopped = true;
      // A lock on a table may be waited for much longer than an end may take; what is half installed is found again.
      await Promise.race([Promise.allSettled(work), sleep(STOP_MS, undefined, { ref: false })]);
    },
  };
}

/** Once per change, not once per attempt. */
function sayChange(
  log: Logger,
  known: Known,
  { state, code, message }: Pick<StoreReport, 'state' | 'code' | 'message'>,
): void {
  if (known.state === state && known.code === code) return;
  const before = known.state;
  Object.assign(known, { state, code });
  const about = { store: known.name, code };
  if (state === 'reachable') {
    if (before !== null) log.info({ store: known.name }, 'the store is back');
  } else if (state === 'unreachable') log.warn(about, `${message ?? ''}. Couplet goes on by itself when it is back.`);
  else
    log.error({ ...about, ...(code !== null && isErrorCode(code) && { remedy: entryOf(code).remedy }) }, message ?? '');
}

async function installInto(couplet: Couplet, log: Logger, known: Known): Promise<void> {
  if (known.installed || known.busy || Date.now() - known.triedAt < INSTALL_AGAIN_MS) return;
  known.busy = true;
  try {
    const { result } = await couplet.stores.installInto(known.store);
    if (result instanceof Error) {
      // One that is away may be back any moment; one that refuses needs somebody.
      const away = ['store-unreachable', 'store-busy'].includes(codeOf(result));
      if (!away) known.triedAt = Date.now();
      sayChange(log, known, {
        state: away ? 'unreachable' : 'setupProblem',
        code: codeOf(result),
        message: result.message,
      });
      return;
    }
    known.triedAt = Date.now();
    known.installed = result.problems.length === 0;
    for (const { schema, name } of result.installed) {
      log.info(
        { store: known.name, table: schema === null ? name : `${schema}.${name}` },
        'changes of this table are captured now',
      );
    }
    for (const { code, params } of result.problems) log.warn({ store: known.name, code }, describeCode(code, params));
    if (known.state === 'unreachable') known.state = null;
  } finally {
    known.busy = false;
  }
}

const codeOf = (fault: Error): string => ('code' in fault ? String(fault.code) : 'internal-error');

/** What a store as a whole is, its reports say; here the mappings are told of. */
async function look(couplet: Couplet, log: Logger): Promise<void> {
  const { findings } = await couplet.stores.check();
  for (const { severity, code, mapping, message, remedy } of findings) {
    if (mapping === null) continue;
    if (severity === 'error') log.error({ mapping, code, remedy }, message);
    else if (severity === 'warning') log.info({ mapping, code, remedy }, message);
  }
}

/** Its marks were read: were it another one, they would say so, and what was told of it before is over. A check cannot know. */
async function answers(couplet: Couplet, { store, installed }: Pick<Known, 'store' | 'installed'>): Promise<void> {
  const { side, channel } = store;
  const told = await toldOf(couplet, store);
  if (told?.state === 'replaced') {
    const now = { side, channel, state: 'reachable' as const, captureInstalled: installed, problems: [] };
    await couplet.database.queries.noteStoreState(now);
  }
  await couplet.stores.check();
}

const toldOf = async (couplet: Couplet, { side, channel }: Store) =>
  (await couplet.database.queries.storeStates()).find((told) => told.side === side && told.channel === channel);

async function note(
  couplet: Couplet,
  { store, installed }: Known,
  { state, code, params, message }: StoreReport,
): Promise<void> {
  if (state === 'reachable') return answers(couplet, { store, installed });
  const problems: Json = code === null ? [] : [{ code, params, mapping: null, message, remedy: null, line: null }];
  const { side, channel } = store;
  await couplet.database.queries.noteStoreState({ side, channel, state, captureInstalled: installed, problems });
}

/**
 * A command beside this process may have met a fault that is over, or none before it began; or somebody has mended the
 * set-up meanwhile.
 */
async function correct(couplet: Couplet, known: Known, report: StoreReport): Promise<void> {
  const told = await toldOf(couplet, known.store);
  if (told !== undefined && told.state !== report.state) await note(couplet, known, report);
}
