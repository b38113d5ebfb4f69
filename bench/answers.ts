/**
 * `npm run bench:answers`: how many answers of databases are waited for one after the other, from the commit of one change
 * until it is on the other side. Every answer comes late by the same time, so that the number does not depend on what else
 * the machine does.
 */
import { connect, createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { CHANNEL_TABLE, configuration, fillHq, HQ_TABLE } from './apps.ts';
import { openConfigured, openCouplet } from './couplet-under-test.ts';
import { median } from './measure.ts';
import { openServer, openSession, run } from './server.ts';

const LATE_MS = 150;
const CHANGES = 9;

/** A way to the server on which each answer is late. */
async function lateServer(to: URL): Promise<{ port: number; close(): void }> {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (near) => {
    const far = connect({ host: to.hostname, port: Number(to.port), noDelay: true });
    near.on('data', (data) => far.write(data));
    far.on('data', (data) => void setTimeout(() => near.write(data), LATE_MS));
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        near.destroy();
        far.destroy();
      });
    }
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

await using server = await openServer();
await server.recreate(['hq', 'channel', 'couplet']);
const hq = openSession(server.url('hq'));
const channel = openSession(server.url('channel'));
await hq.unsafe(HQ_TABLE);
await channel.unsafe(CHANNEL_TABLE);
await fillHq(hq, 1, 100);
{
  await using direct = await openCouplet(server);
  await direct.run();
  await direct.run();
}
const late = await lateServer(new URL(server.url('hq')));
const lateUrl = (name: string): string => Object.assign(new URL(server.url(name)), { port: String(late.port) }).href;
const couplet = await openConfigured(
  { ...server, url: lateUrl },
  configuration(lateUrl('hq'), lateUrl('channel'), false),
);
const queue = await couplet.startQueue();
const worker = await couplet.startWorker(queue, () => {});
await sleep(60 * LATE_MS);
const found: number[] = [];
for (let at = -2; at < CHANGES; at += 1) {
  await run(hq, 'update customers set phone = $1 where id = 7', [`answer ${at}`]);
  const start = performance.now();
  const text = `select tel from crm_contact where customer_no = 'C00000007'`;
  while ((await run(channel, text, []))[0]?.[0] !== `answer ${at}`) await sleep(5);
  if (at >= 0) found.push((performance.now() - start) / LATE_MS);
  // At rest again: own writes come back first.
  await sleep(40 * LATE_MS);
}
console.log(`${median(found).toFixed(1)} answers one after the other (${found.map((n) => n.toFixed(1)).join(', ')})`);
await worker.stop();
await queue.stop();
await couplet.close();
late.close();
await Promise.all([hq.end(), channel.end()]);
