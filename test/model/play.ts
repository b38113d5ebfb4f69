/** Plays a scenario in a world. Whatever an app or Couplet refuses is refused; nothing here decides what is right. */
import type { Side } from '../../src/domain/record.ts';
import { otherSide, SIDES } from '../../src/domain/record.ts';
import { CouplingDatabaseUnreachable } from '../../src/errors/coupling-database-faults.ts';
import { FenceLost, LineageBroken, StoreBusy, StoreRefused, StoreUnreachable } from '../../src/errors/store-faults.ts';
import { ActionRefused, type ActionRequest } from '../../src/ports/synchronizer.ts';
import type { Command } from './commands.ts';
import type { StoreRow } from './oracle.ts';
import { AppRefused, KEY_COLUMN, type Kind, TABLES, type World } from './world.ts';

interface Stage {
  readonly world: World;
  /** Makes every value of a scenario another one, so that each can be told from where it came. */
  next(): number;
  /** What people deleted, as it was; the last first. */
  readonly gone: { readonly side: Side; readonly kind: Kind; readonly row: StoreRow }[];
  readonly held: ((commit: boolean) => Promise<void>)[];
}

const ASKER = { actor: 'anna', reason: null, requestId: null } as const;

export async function play(world: World, scenario: readonly Command[]): Promise<void> {
  const stage: Stage = { world, next: world.next, gone: [], held: [] };
  for (const command of scenario) await step(stage, command);
  for (const release of stage.held.splice(0)) await ignoringRefusal(() => release(true));
}

async function ignoringRefusal(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (fault) {
    const expected =
      fault instanceof AppRefused ||
      fault instanceof ActionRefused ||
      fault instanceof StoreBusy ||
      fault instanceof StoreRefused ||
      fault instanceof StoreUnreachable ||
      fault instanceof FenceLost ||
      fault instanceof LineageBroken ||
      fault instanceof CouplingDatabaseUnreachable;
    if (!expected) throw fault;
  }
}

const step = (stage: Stage, command: Command): Promise<void> => ignoringRefusal(() => perform(stage, command));

async function perform(stage: Stage, command: Command): Promise<unknown> {
  const { world } = stage;
  switch (command.do) {
    case 'run':
      return world.run(command.worker, { scope: command.scope });
    case 'runTogether':
      return Promise.all([0, 1].map((worker) => world.run(worker, { scope: command.woken ? 'woken' : 'modified' })));
    case 'crash':
      return world.run(command.worker, { scope: 'modified', crash: { point: command.point, pass: command.pass } });
    case 'configure':
      return world.configure(command.policies);
    case 'fault':
      return world.fault(command.side, command.fault);
    case 'turn':
      return world.turnTo?.(command.channel);
    case 'goBack':
      return world.goBack?.(command.side, command.runs);
    case 'resume':
      return resumeStopped(world);
    case 'pause': {
      for (const { lane } of await world.database.laneStates())
        await world.database.changeLane(lane, { paused: command.on });
      return;
    }
    case 'release':
      return stage.held.shift()?.(command.commit);
    case 'resolve':
      return resolve(stage, command);
    case 'uncouple':
    case 'couple':
    case 'revert':
      return byHand(stage, command);
    default:
      return edit(stage, command);
  }
}

// ---------------------------------------------------------------- people of the apps

const choose = <T>(items: readonly T[], pick: number): T | undefined =>
  items.length === 0 ? undefined : items[pick % items.length];

const sorted = (rows: readonly StoreRow[], column: string): StoreRow[] =>
  rows.toSorted((a, b) => ((a[column] ?? '') < (b[column] ?? '') ? -1 : 1));

type Edit = Exclude<
  Command,
  {
    do:
      | 'run'
      | 'runTogether'
      | 'crash'
      | 'configure'
      | 'fault'
      | 'pause'
      | 'release'
      | 'resolve'
      | 'uncouple'
      | 'couple'
      | 'revert'
      | 'turn'
      | 'goBack'
      | 'resume';
  }
>;

async function edit(stage: Stage, command: Edit): Promise<unknown> {
  const { world } = stage;
  if (command.do === 'insert') return insert(stage, command.side, command.kind, command.parent);
  if (command.do === 'insertBoth') {
    const number = stage.next();
    await world.apps.hq.insert('customers', customerRow('hq', number, `hq-${number}`, null));
    return world.apps.channel.insert('shoppers', customerRow('channel', number, `ch-${number}`, null));
  }
  if (command.do === 'comeBack') return comeBack(stage, command);
  if (command.do === 'editBoth') return editBoth(stage, command);
  if (command.do === 'rename') return world.apps[command.side].rename(command.to);
  if (command.do === 'empty') {
    const app = world.apps[command.side];
    const emptied = TABLES[command.kind][command.side];
    return app.empty(emptied, command.reload ? await app.rows(emptied) : []);
  }
  const side: Side = command.do === 'block' ? 'hq' : command.side;
  const kind: Kind = command.do === 'block' || command.do === 'hold' ? 'customers' : command.kind;
  const table = TABLES[kind][side];
  const column = KEY_COLUMN[table] as string;
  const app = world.apps[side];
  const row = choose(sorted(await app.rows(table), column), command.pick);
  const key = row?.[column];
  if (!row || !key) return;
  switch (command.do) {
    case 'edit':
      return app.update(table, key, editOf(stage, side, kind, command));
    case 'block':
      return app.update(table, key, { state: row['state'] === 'blocked' ? 'open' : 'blocked' });
    case 'hold':
      stage.held.push(await app.hold(table, key, { [nameColumn(side, 'customers')]: `held-${stage.next()}` }));
      return;
    case 'delete':
      await app.delete(table, key);
      stage.gone.unshift({ side, kind, row });
      return;
    case 'recreate':
      await app.delete(table, key);
      return app.insert(table, command.alike ? row : { ...row, [nameColumn(side, kind)]: `anew-${stage.next()}` });
    case 'changeKey':
      return app.update(table, key, { [column]: side === 'hq' ? `K${stage.next()}` : `${1_000 + stage.next()}` });
  }
}

async function comeBack(stage: Stage, { pick, alike }: Extract<Command, { do: 'comeBack' }>): Promise<void> {
  const gone = choose(stage.gone, pick);
  if (!gone) return;
  const { side, kind, row } = gone;
  const anew = alike ? row : { ...row, [nameColumn(side, kind)]: `back-${stage.next()}` };
  return stage.world.apps[side].insert(TABLES[kind][side], anew);
}

const nameColumn = (side: Side, kind: Kind): string =>
  kind === 'groups' ? (side === 'hq' ? 'title' : 'caption') : side === 'hq' ? 'name' : 'full_name';

const customerRow = (side: Side, number: number, name: string, parent: string | null): StoreRow =>
  side === 'hq'
    ? { num: `C${number}`, name, email: `c${number}@x`, credit: `${number}`, group_code: parent, state: null }
    : { cust_num: `C${number}`, full_name: name, mail: `c${number}@x`, credit: null, segment_id: parent, state: null };

async function insert({ world, next }: Stage, side: Side, kind: Kind, parent: number): Promise<void> {
  const number = next();
  const app = world.apps[side];
  if (kind === 'groups') {
    const named =
      side === 'hq' ? { code: `G${number}`, title: `t-${number}` } : { ext_code: `G${number}`, caption: `t-${number}` };
    return app.insert(TABLES.groups[side], { ...named, state: null });
  }
  const groups = sorted(await app.rows(TABLES.groups[side]), KEY_COLUMN[TABLES.groups[side]] as string);
  const group = parent % 3 === 0 ? undefined : choose(groups, parent);
  return app.insert(
    TABLES.customers[side],
    customerRow(side, number, `n-${number}`, group?.[side === 'hq' ? 'code' : 'id'] ?? null),
  );
}

function editOf(stage: Stage, side: Side, kind: Kind, { field, value }: { field: number; value: number }): StoreRow {
  const number = stage.next();
  if (kind === 'groups') return { [nameColumn(side, kind)]: `t-${number}` };
  if (field === 1) {
    // Now and then a mail that the other store refuses: of another record, or no address at all.
    const mail = value === 0 ? null : value === 1 ? `no address ${number}` : value === 2 ? 'c1@x' : `m${number}@x`;
    return side === 'hq' ? { email: mail } : { mail };
  }
  if (field === 2) return { credit: `${number}` };
  if (field === 3) return { state: `s-${number}` };
  return {
    [nameColumn(side, kind)]: value === 0 ? `too long for the channel ${'x'.repeat(30)} ${number}` : `n-${number}`,
  };
}

async function editBoth(
  stage: Stage,
  { pick, field, agree }: { pick: number; field: number; agree: boolean },
): Promise<void> {
  const { world } = stage;
  const shopper = choose(sorted(await world.apps.channel.rows('shoppers'), 'id'), pick);
  const number = shopper?.['cust_num'];
  if (!shopper?.['id'] || !number) return;
  const here = stage.next();
  const there = agree ? here : stage.next();
  const [hq, channel] = field === 0 ? (['name', 'full_name'] as const) : (['email', 'mail'] as const);
  const value = (of: number): string => (field === 0 ? `b-${of}` : `b${of}@x`);
  await world.apps.hq.update('customers', number, { [hq]: value(here) });
  await world.apps.channel.update('shoppers', shopper['id'], { [channel]: value(there) });
}

// ---------------------------------------------------------------- people at Couplet

async function resolve(
  stage: Stage,
  { pick, action, winner, own }: Extract<Command, { do: 'resolve' }>,
): Promise<void> {
  const { world } = stage;
  const ids = await world.sql<
    { id: string; kind: string; scope: string; coupling_id: string | null; fields: string[] | null }[]
  >`
    select id::text, kind::text, scope::text, coupling_id::text, field_names as fields
      from couplet.sync_error where status = 'open' order by id`;
  const error = choose(ids, pick);
  if (!error) return;
  const fields: Map<string, Side | { value: string; side: Side }> = new Map();
  if (own && error.kind === 'conflict') {
    const value = `own-${stage.next()}@x`;
    world.said(value);
    fields.set('email', { value, side: 'hq' });
  }
  const actions: readonly ActionRequest['action'][] =
    error.scope === 'mapping'
      ? ['approve', 'decline']
      : error.kind === 'deletion'
        ? ['restore', 'delete', 'remove-coupling']
        : error.kind === 'conflict'
          ? ['synchronize', 'synchronize', 'synchronize', 'retry', 'remove-coupling']
          : ['retry', 'remove-coupling', 'retry'];
  await world.synchronizer.act(error.id, {
    ...ASKER,
    action: choose(actions, action) as ActionRequest['action'],
    dryRun: false,
    ifMatch: pick % 2 === 0 ? '*' : null,
    winner,
    fields,
    key: null,
    create: false,
    jobId: null,
  });
}

async function byHand(
  { world }: Stage,
  command: Extract<Command, { do: 'uncouple' | 'couple' | 'revert' }>,
): Promise<unknown> {
  if (command.do === 'revert') {
    const actions = command.answer
      ? 'resolved,uncoupled,coupled,restored,deleted'
      : 'inserted,modified,deleted,restored';
    const entries = await world.sql<{ id: string }[]>`
      select id::text from couplet.sync_log
       where action::text = any (string_to_array(${actions}, ',')) and (${!command.answer} or error_id is not null or cause = 'revert')
       order by id desc`;
    const entry = choose(entries, command.pick);
    return entry && world.synchronizer.revert(entry.id, { ...ASKER, dryRun: false, jobId: null });
  }
  if (command.do === 'uncouple') {
    const couplings = await world.sql<{ id: string }[]>`
      select id::text from couplet.coupling where ended_at is null order by id`;
    const coupling = choose(couplings, command.pick);
    return coupling && world.synchronizer.uncouple(coupling.id, ASKER);
  }
  // What somebody uncoupled is coupled again, by its number.
  const [lone] = await world.sql<{ key: string; side: Side; mapping: string; channel: string }[]>`
    select u.key, u.side::text as side, l.mapping, l.channel from couplet.uncoupled u join couplet.lane l on l.id = u.lane_id
     where l.mapping = 'customers' and l.channel = ${world.channel} order by u.side, u.key offset ${command.pick % 4} limit 1`;
  if (!lone) return;
  const key = JSON.parse(lone.key) as string[];
  const rows = { hq: await world.apps.hq.rows('customers'), channel: await world.apps.channel.rows('shoppers') };
  const own = rows[lone.side].find((row) => row[lone.side === 'hq' ? 'num' : 'id'] === key[0]);
  const number = own?.[lone.side === 'hq' ? 'num' : 'cust_num'];
  const partner = rows[otherSide(lone.side)].find((row) => row[lone.side === 'hq' ? 'cust_num' : 'num'] === number);
  const partnerKey = partner?.[lone.side === 'hq' ? 'id' : 'num'] ?? null;
  return world.synchronizer.couple({
    ...ASKER,
    lane: { mapping: lone.mapping, channel: lone.channel },
    hqKey: lone.side === 'hq' ? key : partnerKey === null ? null : [partnerKey],
    channelKey: lone.side === 'channel' ? key : partnerKey === null ? null : [partnerKey],
    createIn: partnerKey === null ? otherSide(lone.side) : null,
    winner: SIDES[command.pick % 2] ?? null,
    dryRun: false,
  });
}

// ---------------------------------------------------------------- the end

const ROUNDS = 10;

/** A store went back in time: a person lets what stands still go on, with a comparison. */
async function resumeStopped({ database }: World): Promise<void> {
  for (const { lane, stopped } of await database.laneStates()) {
    if (stopped === null) continue;
    await database.oweFullRun(lane, { reason: 'lineage-compare', trigger: 'recovery' });
    await database.changeLane(lane, { stopped: null });
  }
}

/** Everybody stops, everything is there again, nobody is killed any more: runs until one of them writes nothing. */
export async function settle(world: World): Promise<void> {
  await world.calm();
  for (const { lane } of await world.database.laneStates()) await world.database.changeLane(lane, { paused: false });
  for (let round = 0; round < ROUNDS; round += 1) {
    const before = await world.writes();
    await resumeStopped(world);
    const reports = await world.run(round, { scope: 'modified' });
    const failed = reports?.filter(({ status }) => status !== 'succeeded') ?? [];
    if (failed.some(({ code }) => code === 'lineage-broken')) continue;
    if (failed.length > 0) throw new Error(`a run at rest did not succeed: ${JSON.stringify(failed)}`);
    if (round > 0 && (await world.writes()) === before) return;
  }
  throw new Error('it never comes to rest');
}
