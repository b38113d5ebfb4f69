/** The other process of W5: changes one record, then reads the other side until the change is there. */
import { setTimeout as sleep } from 'node:timers/promises';
import { openSession, run, type Sql } from './server.ts';

const CHANGES = Number(process.env['CHANGES'] ?? 200);
const PAUSE_MS = 20;
const LONGEST_MS = 30_000;

const hq = openSession(process.env['HQ'] as string);
const channel = openSession(process.env['CHANNEL'] as string);
const times: Record<'to the channel' | 'to HQ', number[]> = { 'to the channel': [], 'to HQ': [] };

async function seen(sql: Sql, text: string, account: string, value: string): Promise<number> {
  const start = performance.now();
  while ((await run(sql, text, [account]))[0]?.[0] !== value) {
    if (performance.now() - start > LONGEST_MS) throw new Error(`the change of ${account} never arrived`);
  }
  return performance.now() - start;
}

const account = (id: number): string => `C${String(id).padStart(8, '0')}`;
for (let at = -10; at < CHANGES; at += 1) {
  const down = account(1 + ((at + 10) % 100) * 10);
  await run(hq, 'update customers set phone = $2, updated_at = now() where account = $1', [down, `w5 ${at}`]);
  const there = await seen(channel, 'select tel from crm_contact where customer_no = $1', down, `w5 ${at}`);
  await sleep(PAUSE_MS);
  const up = account(2 + ((at + 10) % 100) * 10);
  await run(channel, 'update crm_contact set tel = $2, modified_at = now() where customer_no = $1', [up, `w5 ${at}`]);
  const back = await seen(hq, 'select phone from customers where account = $1', up, `w5 ${at}`);
  await sleep(PAUSE_MS);
  // The first ones find statements that are not prepared yet.
  if (at < 0) continue;
  times['to the channel'].push(there);
  times['to HQ'].push(back);
}
await Promise.all([hq.end(), channel.end()]);
process.send?.(times);
process.disconnect?.();
