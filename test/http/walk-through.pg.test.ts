import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { type Body, customer, makeConflict, openServerInStep, shopper } from './open-test-server.ts';

const DOCS = join(import.meta.dirname, '../../docs/api.md');
const BREAK = '\n@@@ next block @@@\n';

/** The blocks of shell in docs/api.md, run in one shell against a base address; what each of them printed, as JSON. */
export async function runWalkThrough(baseUrl: string): Promise<readonly unknown[]> {
  const text = await readFile(DOCS, 'utf8');
  const blocks = [...text.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block]) => block ?? '');
  const script = ['set -euo pipefail', ...blocks].join(`\nprintf '%s' '${BREAK}'\n`);
  const { stdout } = await promisify(execFile)('bash', ['-c', script], { env: { ...process.env, COUPLET: baseUrl } });
  return stdout
    .split(BREAK)
    .filter((part) => part.trim() !== '')
    .map((part) => JSON.parse(part));
}

test('the walk-through of docs/api.md does what it says', async () => {
  await using here = await openServerInStep();
  const id = await makeConflict(here);
  const address = await here.server.listen({ host: '127.0.0.1', port: 0 });
  const answers = (await runWalkThrough(`${address}/api/v1`)) as Body[];
  const [summary, list, one, preview, decided, resolvedPair, log, reverted, revertedPair, openAgain, bulk] = answers;
  expect(summary.items).toMatchObject([{ kind: 'conflict', count: 1, sampleId: id }]);
  expect(list.items).toMatchObject([{ id }]);
  expect(one).toMatchObject({ id, status: 'open', etag: expect.any(String) });
  expect(preview.writes).toMatchObject([
    {
      side: 'channel',
      fields: [
        { name: 'name', new: 'HQ name C1' },
        { name: 'email', new: 'hq-C1@example.com' },
      ],
    },
  ]);
  expect(decided).toMatchObject({
    outcome: 'succeeded',
    status: 'resolved',
    resolution: { reason: 'the customer gave it at the till' },
  });
  const valuesOf = (pair: Body) =>
    Object.fromEntries(pair.fields.map(({ name, hq, channel }: Body) => [name, [hq, channel]]));
  expect(valuesOf(resolvedPair)).toMatchObject({
    name: ['HQ name C1', 'HQ name C1'],
    email: ['till-C1@example.com', 'till-C1@example.com'],
  });
  const changes = log.items.flatMap((entry: Body) => entry.changes);
  expect(changes).toEqual(
    expect.arrayContaining([
      { field: 'name', side: 'channel', old: 'Till name C1', new: 'HQ name C1' },
      { field: 'email', side: 'hq', old: 'hq-C1@example.com', new: 'till-C1@example.com' },
    ]),
  );
  expect(reverted).toMatchObject({ outcome: 'succeeded', revertible: false });
  expect(valuesOf(revertedPair)).toMatchObject({
    name: ['HQ name C1', 'Till name C1'],
    email: ['hq-C1@example.com', 'till-C1@example.com'],
  });
  expect([customer(here, 'C1')?.['email'], shopper(here, 'C1')?.['mail']]).toEqual([
    'hq-C1@example.com',
    'till-C1@example.com',
  ]);
  expect(openAgain).toMatchObject({ id, status: 'open', resolution: null });
  expect(bulk).toMatchObject({ kind: 'bulk', status: 'succeeded' });
});
