/** A search of customers goes on where a page ends, over all that a customer may be on its way. */
import { expect, test } from 'vitest';
import { openTwoChannels, type TwoChannelStage } from './two-channel-stage.ts';

const houston = '/commerce/channels/houston/customers';

const create = (here: TwoChannelStage, ...names: string[]) =>
  Promise.all(
    names.map((name) => here.ask('POST', houston, { values: { name, email: `${name.toLowerCase()}@example.com` } })),
  );

async function walk(here: TwoChannelStage, query: string): Promise<string[][]> {
  const pages: string[][] = [];
  for (let cursor: string | null = null; ; ) {
    const { status, body } = await here.ask('GET', `${houston}?${query}${cursor === null ? '' : `&cursor=${cursor}`}`);
    expect(status).toBe(200);
    pages.push(body.items.map(({ values }: { values: { name: string } }) => values.name));
    cursor = body.nextCursor;
    if (cursor === null) return pages;
  }
}

test('each customer stands on one page, whether it waits, came through, or was distributed', async () => {
  await using here = await openTwoChannels();
  await create(here, 'Ann', 'Ben', 'Cleo');
  await here.run('pipeline');
  await create(here, 'Dan', 'Eve');
  await here.run('p-job');
  await here.run('synchronize-customers');
  await create(here, 'Fay', 'Gus');
  const all = ['Ann', 'Ben', 'Cleo', 'Dan', 'Eve', 'Fay', 'Gus'];
  for (const limit of [1, 2, 3, 7, 50]) {
    const pages = await walk(here, `q=example&limit=${limit}`);
    expect([limit, pages.flat().toSorted()]).toEqual([limit, all]);
    expect(pages.map(({ length }) => length).slice(0, -1)).toEqual(Array(pages.length - 1).fill(limit));
  }
  // What is on its way comes first.
  expect((await walk(here, 'limit=2'))[0]?.toSorted()).toEqual(['Fay', 'Gus']);
  for (const cursor of ['nonsense', 'WzFlOV0'])
    expect(await here.ask('GET', `${houston}?cursor=${cursor}`)).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/cursor' }] },
    });
});
