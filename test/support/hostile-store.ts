/**
 * A store as the world treats it: it does not answer, answers late, answers and is not heard, and its records change
 * between being read and being written. What happens when is drawn from a seed, so that a run can be had again.
 *
 * Nothing here breaks a promise of the port. Whatever is written under this treatment must come out right.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { StoreBusy, StoreUnreachable } from '../../src/errors/store-faults.ts';
import { drawFrom } from '../../src/stores/memory/database.ts';
import type { LedgerBatch, RecordShape, Store, StoreTable, Write } from '../../src/ports/store.ts';

/** How likely each mishap is at one call, from 0 to 1. */
export interface Mishaps {
  /** The call never reaches the store. */
  readonly unreachable: number;
  /** The store turns the call away for now. */
  readonly busy: number;
  /** The store does what it is asked and the answer is lost. */
  readonly answerLost: number;
  /** Up to some turns pass before the call reaches the store, so that calls made together arrive in any order. */
  readonly late: number;
  /** Somebody changes the records between reading and writing: `disturb` is called before a write. */
  readonly disturbed: number;
  /** What may come in any order does: ledgers, candidates. */
  readonly shuffled: number;
  /** Windows come in smaller pages than asked for. */
  readonly shortPages: number;
  /** A sleeper is woken for nothing. */
  readonly wokenEarly: number;
}

export const NO_MISHAPS: Mishaps = {
  unreachable: 0,
  busy: 0,
  answerLost: 0,
  late: 0,
  disturbed: 0,
  shuffled: 0,
  shortPages: 0,
  wokenEarly: 0,
};

type StoreMethod = Exclude<keyof Store, 'side' | 'channel' | 'capabilities' | 'table' | 'close'>;
type TableMethod = Exclude<keyof StoreTable, 'shape' | 'types'>;
export type HostileCall = StoreMethod | TableMethod | 'table';

/** The process dies at a call: before the store hears of it, or after it has done it. */
export interface CrashPoint {
  readonly call: HostileCall;
  /** The first such call is number 1. */
  readonly time: number;
  readonly when: 'before' | 'after';
}

/** Not a fault that anybody handles: the process is gone, and nothing it does from here on reaches the store. */
export class ProcessDied extends Error {
  override readonly name = 'ProcessDied';
}

export interface HostileOptions {
  readonly seed: number;
  readonly mishaps?: Partial<Mishaps>;
  /** The calls that mishaps befall; all, when nothing is said. */
  readonly only?: readonly HostileCall[];
  readonly crash?: CrashPoint;
  /** Acts as the app's users do, on records that are about to be written. */
  readonly disturb?: (shape: RecordShape, writes: readonly Write[]) => Promise<void>;
}

export interface HostileStore extends Store {
  /** What befell which call, in order: two runs of one seed have the same. */
  readonly journal: readonly string[];
  /** From here on every call goes straight through, as people expect it of a good day. */
  calm(): void;
}

const MOST_TURNS = 6;

interface Hostility {
  readonly journal: string[];
  befalls(mishap: keyof Mishaps, call: HostileCall): boolean;
  below(limit: number): number;
  /** One call through all that may happen to it. */
  pass<Answer>(call: HostileCall, ask: () => Promise<Answer>): Promise<Answer>;
  shuffle<Item>(call: HostileCall, items: readonly Item[]): readonly Item[];
  calm(): void;
}

function hostility({ seed, mishaps, only, crash }: HostileOptions): Hostility {
  const draw = drawFrom(seed);
  const journal: string[] = [];
  const times = new Map<HostileCall, number>();
  let likely: Mishaps = { ...NO_MISHAPS, ...mishaps };
  let dead = false;
  const below = (limit: number): number => Math.floor(draw() * limit);
  const befalls = (mishap: keyof Mishaps, call: HostileCall): boolean => {
    if (only?.includes(call) === false || likely[mishap] === 0 || draw() >= likely[mishap]) return false;
    journal.push(`${call} ${mishap}`);
    return true;
  };
  const dieAt = (call: HostileCall, time: number, when: CrashPoint['when']): void => {
    if (crash?.call === call && crash.time === time && crash.when === when) {
      dead = true;
      journal.push(`${call} died ${when}`);
    }
    if (dead) throw new ProcessDied(`The process died ${when} ${call}.`);
  };
  return {
    journal,
    befalls,
    below,
    pass: async (call, ask) => {
      const time = (times.get(call) ?? 0) + 1;
      times.set(call, time);
      dieAt(call, time, 'before');
      if (befalls('late', call)) for (let turn = below(MOST_TURNS); turn >= 0; turn -= 1) await nextTurn();
      // It may have died while this call was on its way.
      dieAt(call, time, 'before');
      if (befalls('unreachable', call)) throw new StoreUnreachable('No route to the store.');
      if (befalls('busy', call)) throw new StoreBusy('The store is busy.');
      const answer = await ask();
      dieAt(call, time, 'after');
      if (befalls('answerLost', call)) throw new StoreUnreachable('The answer was lost on its way.');
      return answer;
    },
    shuffle: (call, items) => {
      if (items.length < 2 || !befalls('shuffled', call)) return items;
      const left = [...items];
      return items.map(() => left.splice(below(left.length), 1)[0]!);
    },
    calm: () => {
      likely = NO_MISHAPS;
    },
  };
}

export function hostileStore(store: Store, options: HostileOptions): HostileStore {
  const hostile = hostility(options);
  const { pass } = hostile;
  const shuffleLedger = (batches: readonly LedgerBatch[]): readonly LedgerBatch[] =>
    hostile
      .shuffle('takeOver', batches)
      .map((batch) => ({ ...batch, entries: hostile.shuffle('takeOver', batch.entries) }));
  return {
    side: store.side,
    channel: store.channel,
    capabilities: store.capabilities,
    journal: hostile.journal,
    calm: hostile.calm,
    identify: () => pass('identify', () => store.identify()),
    survey: () => pass('survey', () => store.survey()),
    describe: (tables) => pass('describe', () => store.describe(tables)),
    checkFilter: (table, filter) => pass('checkFilter', () => store.checkFilter(table, filter)),
    install: (watched) => pass('install', () => store.install(watched)),
    installScript: (watched) => pass('installScript', () => store.installScript(watched)),
    uninstall: () => pass('uninstall', () => store.uninstall()),
    isInstalled: (watched) => pass('isInstalled', () => store.isInstalled(watched)),
    currentCursor: (reader) => pass('currentCursor', () => store.currentCursor(reader)),
    readWindow: (reader, cursor, limit) =>
      pass('readWindow', () => {
        const shorter = limit > 1 && hostile.befalls('shortPages', 'readWindow') ? 1 + hostile.below(limit - 1) : limit;
        return store.readWindow(reader, cursor, shorter);
      }),
    confirm: (reader, cursor) => pass('confirm', () => store.confirm(reader, cursor)),
    acceptTables: (tables) => pass('acceptTables', () => store.acceptTables(tables)),
    waitForMarks: (reader, cursor, timeoutMs, signal) =>
      pass('waitForMarks', async () => {
        if (hostile.befalls('wokenEarly', 'waitForMarks')) return;
        await store.waitForMarks(reader, cursor, timeoutMs, signal);
      }),
    batchesOf: (reader, lane) => pass('batchesOf', () => store.batchesOf(reader, lane)),
    takeOver: (reader, fence) => pass('takeOver', async () => shuffleLedger(await store.takeOver(reader, fence))),
    clearBatches: (batchIds) => pass('clearBatches', () => store.clearBatches(batchIds)),
    table: (shape) => pass('table', async () => hostileTable(await store.table(shape), hostile, options)),
    close: () => store.close(),
  };
}

function hostileTable(table: StoreTable, hostile: Hostility, { disturb }: HostileOptions): StoreTable {
  const { pass } = hostile;
  return {
    shape: table.shape,
    types: table.types,
    read: (keys, since) => pass('read', () => table.read(keys, since)),
    movedTo: (keys, since) => pass('movedTo', () => table.movedTo(keys, since)),
    scan: (after, limit) => pass('scan', () => table.scan(after, limit)),
    count: () => pass('count', () => table.count()),
    digest: (request) => pass('digest', () => table.digest(request)),
    digestEach: (request) => pass('digestEach', () => table.digestEach(request)),
    match: (request) => pass('match', async () => hostile.shuffle('match', await table.match(request))),
    search: (text, columns, limit) => pass('search', () => table.search(text, columns, limit)),
    cascades: (keys, limit) =>
      pass('cascades', async () => hostile.shuffle('cascades', await table.cascades(keys, limit))),
    write: (batch) =>
      pass('write', async () => {
        if (disturb && hostile.befalls('disturbed', 'write')) await disturb(table.shape, batch.writes);
        return table.write(batch);
      }),
  };
}
