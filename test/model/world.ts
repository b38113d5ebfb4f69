/** Two apps that are kept in step, as a scenario sees them, whatever their stores are. */
import type postgres from 'postgres';
import { loadConfiguration } from '../../src/config/load-configuration.ts';
import type { Settings } from '../../src/config/settings.ts';
import type { Side } from '../../src/domain/record.ts';
import type { CrashPoint } from '../../src/engine/lane/lane-context.ts';
import type { LaneReport } from '../../src/engine/run/lane-run.ts';
import type { CouplingDatabase } from '../../src/ports/coupling-database.ts';
import type { Synchronizer } from '../../src/ports/synchronizer.ts';
import type { Evidence, StoreRow } from './oracle.ts';

export const FILTER = "coalesce(state, '') <> 'blocked'";
export const CHANNEL = 'houston';

export interface Policies {
  readonly resolve: 'manual' | 'hqWins' | 'channelWins';
  readonly detect: 'field' | 'record';
  readonly deletions: 'manual' | 'restore' | 'removeCoupling' | 'propagate';
  readonly filtered: boolean;
}

export const CAREFUL: Policies = { resolve: 'manual', detect: 'field', deletions: 'manual', filtered: false };

export interface StoreUrls {
  readonly hq: string;
  readonly channel: string;
}

const configurationOf = (policies: Policies, urls: StoreUrls, channels: readonly string[]): string => `
version: 1
hq: { name: HQ, kind: postgres, url: ${JSON.stringify(urls.hq)} }
channels:
${channels.map((name) => `  ${name}: { name: ${name}, kind: postgres, url: ${JSON.stringify(`${urls.channel}${name === CHANNEL ? '' : `-${name}`}`)} }`).join('\n')}
mappings:
  groups:
    label: Customer group
    hq: { table: groups, key: [code], describe: [code, title] }
    channel: { table: segments, key: [id], describe: [caption] }
    match: [[code]]
    firstRun: automatic
    initialWinner: manual
    deletions: ${policies.deletions}
    conflicts: { detect: ${policies.detect}, resolve: ${policies.resolve} }
    fields:
      code: { hq: code, channel: ext_code }
      title: { hq: title, channel: caption }
  customers:
    label: Customer
    hq: { table: customers, key: [num], describe: [num, name]${policies.filtered ? `, filter: ${JSON.stringify(FILTER)}` : ''} }
    channel: { table: shoppers, key: [id], describe: [full_name] }
    match: [[number], [email]]
    firstRun: automatic
    initialWinner: manual
    deletions: ${policies.deletions}
    conflicts: { detect: ${policies.detect}, resolve: ${policies.resolve} }
    fields:
      number: { hq: num, channel: cust_num }
      name: { hq: name, channel: full_name }
      email: { hq: email, channel: mail }
      credit: { hq: credit, channel: credit, direction: toChannel }
      group: { hq: group_code, channel: segment_id, references: groups }
`;

export function settingsOf(policies: Policies, urls: StoreUrls, channels: readonly string[] = [CHANNEL]): Settings {
  const { settings, problems } = loadConfiguration(configurationOf(policies, urls, channels), {});
  if (!settings) throw new Error(JSON.stringify(problems, null, 1));
  return settings;
}

/** Tables by side: what people edit, and under which column a record is named. */
export const TABLES = {
  groups: { hq: 'groups', channel: 'segments' },
  customers: { hq: 'customers', channel: 'shoppers' },
} as const;
export type Kind = keyof typeof TABLES;

export const KEY_COLUMN: Readonly<Record<string, string>> = {
  groups: 'code',
  customers: 'num',
  segments: 'id',
  shoppers: 'id',
};

/** Columns that get another name now and then, and that name. */
export const OTHER_NAMES: Readonly<
  Record<Side, { readonly table: string; readonly own: string; readonly other: string }>
> = {
  hq: { table: 'customers', own: 'name', other: 'called' },
  channel: { table: 'shoppers', own: 'full_name', other: 'display_name' },
};

/** A row as it is when its columns have their own names. */
export function underOwnNames<Row extends StoreRow | null>(side: Side, row: Row): Row {
  const { own, other } = OTHER_NAMES[side];
  if (row === null || !(other in row)) return row;
  const { [other]: value, ...rest } = row;
  return { ...rest, [own]: value } as unknown as Row;
}

/** An app's own users; what its store refuses is theirs to bear and throws `AppRefused`. */
export interface App {
  rows(table: string): Promise<readonly StoreRow[]>;
  insert(table: string, row: StoreRow): Promise<void>;
  update(table: string, key: string, set: StoreRow): Promise<void>;
  delete(table: string, key: string): Promise<void>;
  /** Truncates a table and puts these rows in, in one transaction. */
  empty(table: string, again: readonly StoreRow[]): Promise<void>;
  /** The column of `OTHER_NAMES` gets this name; refused when it has it. */
  rename(to: 'own' | 'other'): Promise<void>;
  /** Changes a record in a transaction that stays open; the answer ends it. */
  hold(table: string, key: string, set: StoreRow): Promise<(commit: boolean) => Promise<void>>;
}

export class AppRefused extends Error {
  override readonly name = 'AppRefused';
}

export interface Crash {
  readonly point: CrashPoint;
  /** The n-th time it is reached. */
  readonly pass: number;
}

/** Faults of a store and of the way to it; each world brings about what it can. */
export type Fault = 'storeDown' | 'storeBack' | 'sessionsCut' | 'networkCut' | 'networkBack' | 'diskFull' | 'diskFree';

/** `woken`: as continuous work runs when marks were taken in, by itself and without waiting for the lane. */
export type RunScope = 'modified' | 'full' | 'woken';

export interface World extends AsyncDisposable {
  /** The channel whose people act. */
  readonly channel: string;
  readonly apps: Readonly<Record<Side, App>>;
  readonly database: CouplingDatabase;
  readonly synchronizer: Synchronizer;
  /** A client of the coupling database. */
  readonly sql: postgres.Sql;
  /** A run by one of the workers; null when it was killed. */
  run(worker: number, options: { scope: RunScope; crash?: Crash }): Promise<readonly LaneReport[] | null>;
  /** Both workers with other policies from here on. */
  configure(policies: Policies): Promise<void>;
  fault(side: Side, fault: Fault): Promise<void>;
  /** Where there are several channels. */
  turnTo?(channel: number): void;
  /** Puts the store back to what it was before this many of the last runs. */
  goBack?(side: Side, runs: number): Promise<void>;
  /** From here on nothing goes wrong any more. */
  calm(): Promise<void>;
  /** How many rows Couplet has written so far, in both stores. */
  writes(): Promise<number>;
  said(value: string): void;
  /** A number that was never drawn before: every value of a world is another one. */
  next(): number;
  /** What the oracle is told; `atRest`: nothing may be due any more. */
  evidence(atRest: boolean): Promise<Evidence>;
}
