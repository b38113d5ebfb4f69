/** A value of one's own for a field that refers to a parent: it names a parent, and is carried over as references are. */
import { expect, it } from 'vitest';
import type { ActionRequest } from '../../src/ports/synchronizer.ts';
import { ACTION, openErrors, type SmallSite, smallSite } from './small-site.ts';

const act = (site: SmallSite, id: string, request: Partial<ActionRequest>) =>
  site.synchronizer.act(id, { ...ACTION, ifMatch: null, ...request });

async function conflict(site: SmallSite): Promise<string> {
  site.hq.update('customers', { num: 'C1' }, { email: 'hq@example.com' });
  site.houston.update('shoppers', { cust_num: 'C1' }, { mail: 'till@example.com' });
  await site.run();
  const [error] = await openErrors(site);
  return error!.id;
}

it.each([
  ['both ways', 'HQ', 'G2'],
  ['both ways', 'the channel', 'G2'],
  ['toChannel', 'HQ', 'G1'],
])(
  'carries a parent of one’s own choice over, which no record refers to yet: %s, in the form of %s',
  async (way, form, inHq) => {
    await using site = await smallSite({
      configuration: (text) =>
        text.replace('references: groups', `references: groups${way === 'toChannel' ? ', direction: toChannel' : ''}`),
    });
    site.hq.insert('groups', { code: 'G1', title: 'Retail' });
    site.hq.insert('groups', { code: 'G2', title: 'Wholesale' });
    site.hq.insert('customers', { num: 'C1', name: 'One', email: 'c1@example.com', group_code: 'G1' });
    await site.run();
    const id = await conflict(site);
    const [segment] = site.houston.select('segments', { caption: 'Wholesale' });
    const own =
      form === 'HQ'
        ? ({ value: 'G2', side: 'hq' } as const)
        : ({ value: String(segment?.['id']), side: 'channel' } as const);
    const chosen = { action: 'synchronize', winner: 'hq', fields: new Map([['group', own]]) } as const;
    const { writes } = await act(site, id, { ...chosen, dryRun: true });
    expect(writes.flatMap(({ fields }) => fields)).toContainEqual(
      expect.objectContaining({ name: 'group', new: Number(segment?.['id']) }),
    );
    expect((await act(site, id, chosen)).outcome).toBe('succeeded');
    expect(site.houston.select('shoppers', { cust_num: 'C1' })[0]?.['segment_id']).toBe(segment?.['id']);
    expect(site.hq.select('customers', { num: 'C1' })[0]?.['group_code']).toBe(inHq);
    expect(await openErrors(site)).toHaveLength(0);
  },
);
