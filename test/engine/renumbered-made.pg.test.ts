/** A record that Couplet has just made, or made one from, gets another key from its app before the coupling is recorded. */
import { expect, it } from 'vitest';
import type { Side } from '../../src/domain/record.ts';
import type { CrashPoint } from '../../src/engine/lane/lane-context.ts';
import { readMarks } from '../../src/engine/run/read-marks.ts';
import type { Store, StoreTable } from '../../src/ports/store.ts';
import { openErrors, type SmallSite, smallSite } from './small-site.ts';

/** Nothing but its coupling says that a record has a partner. */
const withoutMatch = (text: string): string =>
  text.replace('    match: [[number], [email]]\n', '').replace('      number: { hq: num, channel: cust_num }\n', '');

const RENUMBER: Readonly<Record<Side, (site: SmallSite) => void>> = {
  hq: ({ hq }) => {
    for (const { num } of hq.select('customers')) hq.update('customers', { num: num ?? null }, { num: `N${num}` });
  },
  channel: ({ houston }) => {
    for (const { id } of houston.select('shoppers')) houston.update('shoppers', { id: id ?? null }, { id: `9${id}` });
  },
};

it.each<readonly [Side, string, string]>([
  ['channel', 'goes on', 'the first load'],
  ['channel', 'is killed', 'the first load'],
  ['channel', 'goes on', 'a change'],
  ['channel', 'is killed', 'a change'],
  ['hq', 'goes on', 'a change'],
  ['hq', 'is killed', 'a change'],
  ['hq', 'is killed', 'the first load'],
])(
  'renumbered in the %s, it is coupled under its new key and made once, when its maker %s in %s',
  async (side, how, when) => {
    let renumber = false;
    await using site = await smallSite({
      configuration: withoutMatch,
      reach: async (point, lane) => {
        if (point !== 'channel-written' || lane?.mapping !== 'customers' || !renumber) return;
        renumber = false;
        RENUMBER[side](site);
        await readMarks(site.site, side, side === 'hq' ? null : 'houston');
        if (how === 'is killed') throw new Error('killed');
      },
    });
    if (when === 'a change') {
      site.hq.insert('customers', { num: 'C0', name: 'Customer 0' });
      await site.run();
    }
    for (let n = 1; n <= 3; n += 1) site.hq.insert('customers', { num: `C${n}`, name: `Customer ${n}` });
    renumber = true;
    await site.run();
    expect(renumber).toBe(false);
    await site.run();
    await expectEachMadeOnce(site);
  },
);

async function expectEachMadeOnce(site: SmallSite): Promise<void> {
  await site.run();
  expect(await openErrors(site)).toEqual([]);
  const names = (rows: readonly Record<string, unknown>[], column: string) => rows.map((row) => row[column]).toSorted();
  const expected = names(site.hq.select('customers'), 'name');
  expect(new Set(expected).size).toBe(expected.length);
  expect(names(site.houston.select('shoppers'), 'full_name')).toEqual(expected);
  const coupled = await site.sql<{ hq: string; channel: string }[]>`
    select hq_key::json ->> 0 as hq, channel_key::json ->> 0 as channel from couplet.coupling where ended_at is null`;
  expect(names(coupled, 'hq')).toEqual(names(site.hq.select('customers'), 'num'));
  expect(names(coupled, 'channel')).toEqual(names(site.houston.select('shoppers'), 'id'));
}

/** The second page of HQ's customers is read when what the first one led to has been renumbered, and holds it again. */
const secondPageAfter = (renumbered: Promise<void>) => (store: Store) => {
  if (store.side !== 'hq') return store;
  const wrapped = (table: StoreTable): StoreTable => ({
    ...table,
    scan: async (after, limit) => {
      if (after?.[0]?.startsWith('C')) await renumbered;
      return table.scan(after, limit);
    },
  });
  return { ...store, table: async (shape: Parameters<Store['table']>[0]) => wrapped(await store.table(shape)) };
};

it.each<readonly [CrashPoint, 'the first load' | 'a full run', 'reads' | 'does not read']>([
  ['decided', 'the first load', 'reads'],
  ['decided', 'the first load', 'does not read'],
  ['decided', 'a full run', 'reads'],
  ['decided', 'a full run', 'does not read'],
  ['channel-written', 'the first load', 'reads'],
  ['channel-written', 'the first load', 'does not read'],
  ['channel-written', 'a full run', 'reads'],
  ['outcomes-recorded', 'the first load', 'reads'],
  ['outcomes-recorded', 'the first load', 'does not read'],
  ['outcomes-recorded', 'a full run', 'reads'],
])(
  'renumbered in the hq once %s in %s, it is not made again by the next page, whoever %s marks',
  async (at, when, how) => {
    let renumber = false;
    const renumbered = Promise.withResolvers<void>();
    await using site = await smallSite({
      configuration: withoutMatch,
      wrap: secondPageAfter(renumbered.promise),
      reach: async (point, lane) => {
        if (point !== at || lane?.mapping !== 'customers' || !renumber) return;
        renumber = false;
        RENUMBER.hq(site);
        if (how === 'reads') await readMarks(site.site, 'hq', null);
        renumbered.resolve();
      },
    });
    if (when === 'a full run') {
      site.hq.insert('customers', { num: 'B0', name: 'Customer 0' });
      await site.run();
    }
    for (let n = 1; n <= 3; n += 1) site.hq.insert('customers', { num: `C${n}`, name: `Customer ${n}` });
    // As records are that were there before there was a capture: no mark tells of them.
    await readMarks(site.site, 'hq', null);
    await site.sql`delete from couplet.pending`;
    renumber = true;
    await site.run({ scope: 'full' });
    expect(renumber).toBe(false);
    await expectEachMadeOnce(site);
  },
);
