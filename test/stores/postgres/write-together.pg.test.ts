/** An app and two workers write the same rows at once: nothing is lost, and the app never pays for it. */
import { expect, it } from 'vitest';
import type { StoreTable, Write } from '../../../src/ports/store.ts';
import { openStage, statuses } from './stage.ts';

const ROWS = 60;
const TRANSACTIONS = 120;
const BATCHES = 60;

/** A small generator of its own, so that a failure can be run again. */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

it('increments by both are all kept, and no transaction of the app fails', async () => {
  await using stage = await openStage([
    'create table counter (id integer primary key, n integer not null)',
    `insert into counter select g, 0 from generate_series(1, ${ROWS}) g`,
  ]);
  const table = await stage.table('counter', ['id'], ['id', 'n']);
  let theirs = 0;
  const app = async (seed: number): Promise<void> => {
    const random = randomNumbers(seed);
    for (let round = 0; round < TRANSACTIONS; round += 1) {
      // In the order of their keys, so that the app has no deadlock of its own making.
      const ids = [...new Set(Array.from({ length: 1 + random(4) }, () => 1 + random(ROWS)))].sort((a, b) => a - b);
      await stage.sql.begin(async (sql) => {
        for (const id of ids) await sql`update counter set n = n + 1 where id = ${id}`;
      });
      theirs += ids.length;
    }
  };
  let ours = 0;
  const worker = async (seed: number): Promise<void> => {
    const random = randomNumbers(seed);
    for (let round = 0; round < BATCHES; round += 1) {
      const writes = await incrementsOf(table, 1 + random(30), random);
      const outcomes = statuses(await stage.write(table, writes));
      for (const status of outcomes) expect(['written', 'moved', 'busy']).toContain(status);
      ours += outcomes.filter((status) => status === 'written').length;
    }
  };
  await Promise.all([app(1), app(2), app(3), worker(4), worker(5)]);
  const [sum] = await stage.sql`select sum(n)::int as n from counter`;
  expect(ours).toBeGreaterThan(0);
  expect(sum?.['n']).toBe(theirs + ours);
});

async function incrementsOf(table: StoreTable, count: number, random: (below: number) => number): Promise<Write[]> {
  const keys = [...new Set(Array.from({ length: count }, () => String(1 + random(ROWS))))].map((id) => [id]);
  const { records } = await table.read(keys, null);
  return [...records.values()].map(({ key, version, values }) => ({
    operation: 'update',
    key,
    version,
    set: new Map([['n', String(Number(values[1]) + 1)]]),
    note: '',
  }));
}
