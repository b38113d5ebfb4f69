import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { type Answer, get, patience, type Running, startCouplet } from './run-couplet.ts';

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

async function ready(running: Running): Promise<Answer> {
  const hasEnded = (): boolean => running.process.exitCode !== null;
  await until(() => hasEnded() || running.stdout().includes('\n'), { timeoutMs: 300_000, what: 'the demo is ready' });
  if (hasEnded()) throw new Error(running.stderr());
  return JSON.parse(running.stdout()) as Answer;
}

/** The process of the embedded server, by the file that it keeps while it runs. */
async function serverPid(address: string, configuration: string): Promise<number> {
  expect(address).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  const url = /database: \{ url: "([^"]+)"/.exec(await readFile(configuration, 'utf8'))?.[1] ?? '';
  const { default: postgres } = await import('postgres');
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  try {
    const [row] = await sql<{ pid: number }[]>`
      select split_part(pg_read_file('postmaster.pid'), chr(10), 1)::int as pid`;
    return row?.pid ?? 0;
  } finally {
    await sql.end();
  }
}

test('the demo has something to triage, keeps its data, starts again quickly and leaves nothing running, however it ends', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'couplet-demo-'));
  const variables = { COUPLET_DATA_DIR: join(folder, '.couplet') };
  // Whichever is free when it listens: one that is looked for before may be somebody else's by then.
  const args = ['demo', '--json', '--port', '0'];
  const configuration = join(folder, '.couplet/couplet.demo.yaml');
  try {
    await using first = startCouplet(args, variables, folder);
    const summary = await ready(first);
    const { conflict, deletion, failure } = summary['openErrors'] as {
      conflict: number;
      deletion: number;
      failure: number;
    };
    expect(conflict).toBeGreaterThanOrEqual(3);
    expect(deletion).toBeGreaterThanOrEqual(2);
    expect(failure).toBeGreaterThanOrEqual(3);
    expect(first.stderr()).toMatch(/First synchronization: .*\n.*\nSecond synchronization: /);

    const list = await get(
      summary['address'],
      '/api/v1/synchronization-errors?kind=conflict&mapping=customers&channel=houston',
    );
    const error = (list['items'] as Answer[]).find(({ fields }) => (fields as unknown[]).length > 0);
    const decided = await fetch(`${summary['address']}/api/v1/synchronization-errors/${error?.['id']}/synchronize`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"winner":"channel"}',
    });
    expect(await decided.json()).toMatchObject({ outcome: 'succeeded', status: 'resolved' });

    const { port } = new URL(summary['address']);
    const taken = await startCouplet(['demo', '--port', port], variables, folder).ended;
    expect([taken.exitCode, taken.stdout]).toEqual([1, '']);
    expect(taken.stderr).toBe(
      `Port ${port} on 127.0.0.1 is in use. Choose another: npm start -- --port ${Number(port) + 1}\n`,
    );

    const pid = await serverPid(summary['address'], configuration);
    first.process.kill('SIGINT');
    expect((await first.ended).exitCode).toBe(0);
    expect(isAlive(pid)).toBe(false);

    await using second = startCouplet(args, variables, folder);
    const again = await ready(second);
    expect(second.stderr()).not.toMatch(/synchronization/);
    expect((again['openErrors'] as Record<string, number>)['conflict']).toBe(conflict - 1);
    const pidAgain = await serverPid(again['address'], configuration);
    second.process.kill('SIGKILL');
    await second.ended;
    await until(() => !isAlive(pidAgain), { ...patience, what: 'the server of a killed demo ends' });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}, 900_000);
