/** W5: from the commit of one change until it can be read on the other side, with Couplet at rest in between. */
import { fork } from 'node:child_process';
import type { CoupletUnderTest } from './couplet-under-test.ts';
import { percentile } from './measure.ts';
import type { Bench } from './workloads.ts';

export async function measureLatency({ server, figures }: Bench, { couplet }: CoupletUnderTest): Promise<void> {
  const queue = await couplet.startQueue();
  const worker = await couplet.startWorker(queue, () => {});
  try {
    const found = await observe(server.url('hq'), server.url('channel'));
    for (const [direction, times] of Object.entries(found)) {
      figures.add(`W5 ${direction}, median`, percentile(times, 0.5), 'ms');
      figures.add(`W5 ${direction}, 99th percentile`, percentile(times, 0.99), 'ms');
    }
  } finally {
    await worker.stop();
    await queue.stop();
  }
}

/** Another process writes and looks, so that Couplet's own work does not hold up the clock. */
const observe = (hq: string, channel: string): Promise<Record<string, number[]>> =>
  new Promise((resolve, reject) => {
    const child = fork(new URL('observe-latency.ts', import.meta.url).pathname, [], {
      env: { ...process.env, HQ: hq, CHANNEL: channel },
    });
    child.once('message', (times) => resolve(times as Record<string, number[]>));
    child.once('exit', (code) => reject(new Error(`the observer ended with ${code}`)));
  });
