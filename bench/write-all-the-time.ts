/** The other process of the writers' benchmark: sessions that change one record after the other, each in its own commit. */
import { timeOfProcess } from './processor-time.ts';
import { openSession, run, single } from './server.ts';

const [writers, records, seconds] = ['WRITERS', 'RECORDS', 'SECONDS'].map((name) => Number(process.env[name]));
const end = performance.now() + (seconds as number) * 1_000;
let written = 0;
let serverMs = 0;

await Promise.all(
  Array.from({ length: writers as number }, async (_, writer) => {
    const sql = openSession(process.env['HQ'] as string);
    // Each its own records: what is measured is not how they wait for each other.
    for (let at = writer; performance.now() < end; at += writers as number) {
      const id = 1 + (at % (records as number));
      await run(sql, 'update customers set phone = $2, updated_at = now() where id = $1', [String(id), `w ${at}`]);
      written += 1;
    }
    // Of the session that carried them out, which a busy machine delays and does not make dearer.
    serverMs += await timeOfProcess(await single(sql, 'select pg_backend_pid()'));
    await sql.end();
  }),
);
process.send?.({ perSecond: written / (seconds as number), serverUs: (serverMs * 1_000) / written });
process.disconnect?.();
