/** A record that Couplet has just made, or made one from, gets another key from its app before the coupling is recorded. */
import { expect, it } from 'vitest';
import type { Side } from '../../src/domain/record.ts';
import { readMarks } from '../../src/engine/run/read-marks.ts';
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
    await site.run();
    expect(await openErrors(site)).toEqual([]);
    const names = (rows: readonly Record<string, unknown>[], column: string) =>
      rows.map((row) => row[column]).toSorted();
    const expected = names(site.hq.select('customers'), 'name');
    expect(new Set(expected).size).toBe(expected.length);
    expect(names(site.houston.select('shoppers'), 'full_name')).toEqual(expected);
    const coupled = await site.sql<{ hq: string; channel: string }[]>`
    select hq_key::json ->> 0 as hq, channel_key::json ->> 0 as channel from couplet.coupling where ended_at is null`;
    expect(names(coupled, 'hq')).toEqual(names(site.hq.select('customers'), 'num'));
    expect(names(coupled, 'channel')).toEqual(names(site.houston.select('shoppers'), 'id'));
  },
);
