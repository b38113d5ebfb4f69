/**
 * `npm run bench:writers -- [--seconds N] [--rounds N]`: what four apps that write at once keep of their throughput when
 * somebody reads what the triggers mark. The capture is installed throughout; what alternates is who listens.
 */
import { fork } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { openPostgresStore } from '../src/stores/postgres/postgres-store.ts';
import { CHANNEL_TABLE, fillHq, HQ_TABLE } from './apps.ts';
import { openCouplet } from './couplet-under-test.ts';
import { median } from './measure.ts';
import { openServer, openSession } from './server.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '4' },
    rounds: { type: 'string', default: '5' },
    writers: { type: 'string', default: '4' },
  },
});
const RECORDS = 2_000;

await using server = await openServer();
await server.recreate(['hq', 'channel', 'couplet']);
const hq = openSession(server.url('hq'));
const channel = openSession(server.url('channel'));
await hq.unsafe(HQ_TABLE);
await channel.unsafe(CHANNEL_TABLE);
await fillHq(hq, 1, RECORDS);
await using test = await openCouplet(server);
while ((await test.run()).inserted > 0);

interface Written {
  /** Transactions of all writers together. */
  readonly perSecond: number;
  /** Processor time of a transaction in its own server process. */
  readonly serverUs: number;
}

/** The writers are another process. */
const write = (): Promise<Written> =>
  new Promise((resolve, reject) => {
    const child = fork(new URL('write-all-the-time.ts', import.meta.url).pathname, [], {
      env: {
        ...process.env,
        HQ: server.url('hq'),
        WRITERS: values.writers,
        SECONDS: values.seconds,
        RECORDS: String(RECORDS),
      },
    });
    child.once('message', (found) => resolve(found as Written));
    child.once('exit', (code) => reject(new Error(`the writers ended with ${code}`)));
  });

async function withReader(): Promise<Written> {
  const store = openPostgresStore({ side: 'hq', channel: null, url: server.url('hq') });
  const end = new AbortController();
  let cursor = await store.currentCursor('bench');
  const read = async (): Promise<void> => {
    for (;;) {
      const page = await store.readWindow('bench', cursor, 5_000);
      if (page.cursor !== cursor) await store.confirm('bench', (cursor = page.cursor));
      if (end.signal.aborted) return;
      await store.waitForMarks('bench', cursor, 1_000, end.signal);
      // As the continuous schedule paces itself among busy writers.
      await sleep(100);
    }
  };
  const reading = read();
  const found = await write();
  end.abort();
  await reading;
  await store.close();
  return found;
}

async function withCouplet(): Promise<Written> {
  const queue = await test.couplet.startQueue();
  const worker = await test.couplet.startWorker(queue, () => {});
  const found = await write();
  await worker.stop();
  await queue.stop();
  return found;
}

type Who = 'a reader' | 'Couplet at work';
const ratios: Record<Who, { throughput: number[]; cost: number[] }> = {
  'a reader': { throughput: [], cost: [] },
  'Couplet at work': { throughput: [], cost: [] },
};
for (let round = 0; round < Number(values.rounds); round += 1) {
  for (const [who, measure] of [
    ['a reader', withReader],
    ['Couplet at work', withCouplet],
  ] as const) {
    // Between two that nobody listens to, since the machine may change its speed.
    const before = await write();
    const found = await measure();
    const after = await write();
    const bare = (before.perSecond + after.perSecond) / 2;
    const bareUs = (before.serverUs + after.serverUs) / 2;
    ratios[who].throughput.push(found.perSecond / bare);
    ratios[who].cost.push(found.serverUs / bareUs);
    console.error(
      `${who}: ${Math.round(found.perSecond)} of ${Math.round(bare)} transactions/s, ${Math.round(found.serverUs)} instead of ${Math.round(bareUs)} µs each in the server`,
    );
    while ((await test.run()).modified > 0);
  }
}
for (const [who, { throughput, cost }] of Object.entries(ratios))
  console.log(
    `${values.writers} writers with ${who}: ${median(throughput).toFixed(3)} of the throughput with the bare trigger, ${median(cost).toFixed(3)} of the processor time of a transaction`,
  );
await hq.end();
await channel.end();
