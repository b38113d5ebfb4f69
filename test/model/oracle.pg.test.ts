/** The oracle has to bite: each kind of mistake is made by hand, and found. */
import { describe, expect, it } from 'vitest';
import { memoryWorld } from './memory-world.ts';
import { type Evidence, type FindingKind, figuresOf, judge, type StoreEvidence } from './oracle.ts';
import { play, settle } from './play.ts';
import type { World } from './world.ts';

async function smallLife(): Promise<World> {
  const world = await memoryWorld({ seed: 1 });
  await play(world, [
    { do: 'insert', side: 'hq', kind: 'groups', parent: 0 },
    { do: 'insert', side: 'hq', kind: 'customers', parent: 1 },
    { do: 'insert', side: 'channel', kind: 'customers', parent: 0 },
    { do: 'run', worker: 0, scope: 'modified' },
    { do: 'edit', side: 'hq', kind: 'customers', pick: 0, field: 0, value: 5 },
    { do: 'run', worker: 0, scope: 'modified' },
  ]);
  await settle(world);
  return world;
}

const kindsOf = async (world: World, evidence?: Evidence): Promise<FindingKind[]> => {
  const { findings } = await judge(world.sql, evidence ?? (await world.evidence(true)));
  return [...new Set(findings.map(({ kind }) => kind))].toSorted();
};

const changed = (evidence: Evidence, side: string, change: (store: StoreEvidence) => StoreEvidence): Evidence => ({
  ...evidence,
  stores: evidence.stores.map((store) => (store.side === side ? change(store) : store)),
});

describe('the oracle', () => {
  it('finds nothing where all is well, and counts what it saw', async () => {
    await using world = await smallLife();
    const verdict = await judge(world.sql, await world.evidence(true));
    expect(verdict).toEqual({ pairs: { inStep: 3, inError: 0, pending: 0, outOfFilter: 0 }, writes: 4, findings: [] });
  });

  it('finds an edit, a record and a deletion that never arrived', async () => {
    await using world = await smallLife();
    const shopper = (await world.apps.channel.rows('shoppers')).find((row) => row['cust_num'] === 'C2');
    await world.apps.channel.update('shoppers', shopper?.['id'] ?? '', { full_name: 'never carried' });
    expect(await kindsOf(world)).toEqual(['base-behind', 'out-of-step']);
    await world.apps.channel.delete('shoppers', shopper?.['id'] ?? '');
    expect(await kindsOf(world)).toEqual(['half-gone']);
    await world.sql`update couplet.coupling set status = 'ended', ended_at = now() where channel_key = ${JSON.stringify([shopper?.['id']])}`;
    expect(await kindsOf(world)).toEqual(['lone-record']);
    await world.sql`delete from couplet.coupling`;
    expect(figuresOf((await judge(world.sql, await world.evidence(true))).findings).lost).toBe(5);
  });

  it('finds a write that was not logged, one logged twice, and one logged with other values', async () => {
    await using world = await smallLife();
    const [entry] = await world.sql<{ id: string }[]>`select id from couplet.sync_log where action = 'modified'`;
    const id = entry?.id ?? '';
    await world.sql`update couplet.sync_log set changes = replace(changes, 'n-', 'm-') where id = ${id}`;
    expect(await kindsOf(world)).toEqual(['log-differs']);
    await world.sql`insert into couplet.sync_log (id, lane_id, action, cause, direction, coupling_id, hq_key, channel_key, changes)
      select uuidv7(), lane_id, action, cause, direction, coupling_id, hq_key, channel_key, changes from couplet.sync_log where id = ${id}`;
    expect(await kindsOf(world)).toEqual(['log-differs', 'log-without-write']);
    await world.sql`delete from couplet.sync_log where action = 'modified'`;
    expect(await kindsOf(world)).toEqual(['write-without-log']);
  });

  it('finds a record that was made twice, a value from nowhere, and an edit that was written over', async () => {
    await using world = await smallLife();
    const evidence = await world.evidence(true);
    const again = changed(evidence, 'channel', (store) => {
      const rows = store.rows.get('shoppers') ?? [];
      const twice = rows.map(({ row }) => ({ row: { ...row, id: `9${row['id']}` }, inFilter: true }));
      return { ...store, rows: new Map([...store.rows, ['shoppers', [...rows, ...twice]]]) };
    });
    expect(await kindsOf(world, again)).toContain('doubled-record');
    const over = changed(evidence, 'channel', (store) => {
      const at = store.moves.findLastIndex((move) => move.by === 'couplet');
      const move = store.moves[at];
      const edit = { ...move?.old, full_name: 'typed at the till' };
      const moves = store.moves.flatMap((each, position) =>
        position === at && move
          ? [
              { ...each, by: 'app' as const, old: move.old, new: edit, at: each.at - 0.5 },
              { ...each, old: edit, new: { ...move.new, full_name: 'said by nobody' } },
            ]
          : [each],
      );
      return { ...store, moves };
    });
    expect(await kindsOf(world, over)).toEqual(['invented', 'log-differs', 'overwritten']);
  });
});
