/**
 * `npm run bench:verify -- [--records N] [--runs R]`: how long it takes to prove that both stores hold what their
 * couplings say; when nothing differs, and when a thousand records scattered over all do.
 */
import { parseArgs } from 'node:util';
import { jobRequest } from '../test/support/job-request.ts';
import { CHANNEL_TABLE, fillHq, HQ_TABLE } from './apps.ts';
import { type CoupletUnderTest, openCouplet } from './couplet-under-test.ts';
import { processorTime, since } from './processor-time.ts';
import { openServer, openSession } from './server.ts';

const { values } = parseArgs({
  options: { records: { type: 'string', default: '100000' }, runs: { type: 'string', default: '3' } },
});
const records = Number(values.records);
const runs = Number(values.runs);

const JOB = jobRequest({ kind: 'verify', actor: null });

async function verify({ couplet }: CoupletUnderTest, what: string): Promise<void> {
  const job = await couplet.database.createJob(JOB, 'queued');
  const before = await processorTime(server.pid);
  const startedAt = performance.now();
  await couplet.synchronizer.execute(job.id, () => Promise.resolve(false));
  const seconds = (performance.now() - startedAt) / 1_000;
  const spent = since(before, await processorTime(server.pid));
  const { params } = await couplet.database.jobOutcome(job.id);
  const { pairs, verified, differences } = params ?? {};
  const rate = Math.round(Number(pairs) / seconds);
  console.log(
    `${what.padEnd(28)} ${seconds.toFixed(2).padStart(8)} s  ${String(rate).padStart(9)} pairs/s  ${JSON.stringify({ pairs, verified, differences })}  ${spent}`,
  );
}

await using server = await openServer();
console.log(JSON.stringify(await server.describe()), `${records} records`);
await server.recreate(['hq', 'channel', 'couplet']);
const hq = openSession(server.url('hq'));
const channel = openSession(server.url('channel'));
try {
  await hq.unsafe(HQ_TABLE);
  await channel.unsafe(CHANNEL_TABLE);
  await fillHq(hq, 1, records);
  await using under = await openCouplet(server);
  await under.run();
  await under.run();
  for (const session of [hq, channel]) await session.unsafe('vacuum analyze');
  const coupling = openSession(server.url('couplet'));
  await coupling.unsafe('vacuum analyze');
  await coupling.end();
  for (let run = 0; run < runs; run += 1) await verify(under, 'nothing differs');
  await channel.begin(async (sql) => {
    await sql.unsafe('set local session_replication_role = replica');
    await sql.unsafe(`update crm_contact set town = 'Elsewhere' where contact_id % ${Math.ceil(records / 1_000)} = 0`);
  });
  await verify(under, 'a thousand differ');
  await verify(under, 'with a thousand errors');
} finally {
  await Promise.all([hq.end(), channel.end()]);
}
