/**
 * Many failures tried again with one request, beside a run over as many changes of the same records, both asked
 * for over REST and waited for, so that both settle the marks of their own writes. The goal: half the run's speed.
 */
import { pino } from 'pino';
import { HQ_TABLE, CHANNEL_TABLE, fillHq } from './apps.ts';
import { openCouplet } from './couplet-under-test.ts';
import { elapsedMs } from './measure.ts';
import { type BenchServer, openSession } from './server.ts';

export interface BulkRetryFigures {
  /** Records a second, from the request to the end of its job. */
  readonly retried: number;
  /** Records a second, likewise, of a run over as many changes. */
  readonly changed: number;
}

const REFUSES = `alter table crm_contact add constraint refuses check (tel not like '!%') not valid`;

export async function measureBulkRetry(server: BenchServer, records: number): Promise<BulkRetryFigures> {
  await server.recreate(['hq', 'channel', 'couplet']);
  const hq = openSession(server.url('hq'));
  const channel = openSession(server.url('channel'));
  try {
    await hq.unsafe(HQ_TABLE);
    await channel.unsafe(CHANNEL_TABLE);
    await fillHq(hq, 1, records);
    await using test = await openCouplet(server);
    await test.run();
    await test.run();
    const { couplet } = test;
    await using queue = Object.assign(await couplet.startQueue(), {
      [Symbol.asyncDispose]: (): Promise<void> => queue.stop(),
    });
    await queue.work((jobId, stop) => couplet.synchronizer.execute(jobId, stop));
    const api = await couplet.buildServer({
      jobs: queue,
      auth: couplet.settings.auth,
      log: pino({ level: 'silent' }),
    });
    const ended = async (url: string, payload: object): Promise<void> => {
      const headers = { prefer: 'wait=600' };
      const answer = await api.inject({ method: 'POST', url: `/api/v1${url}`, headers, payload });
      if (answer.statusCode !== 200) throw new Error(answer.body);
    };
    try {
      await hq.unsafe(`update customers set phone = '+' || id`);
      const changed = await elapsedMs(() => ended('/mappings/customers/synchronize', { scope: 'modified' }));
      await channel.unsafe(REFUSES);
      await hq.unsafe(`update customers set phone = '!' || id`);
      await test.run({ failuresExpected: true });
      await channel.unsafe('alter table crm_contact drop constraint refuses');
      const bulk = { action: 'retry', filter: {}, expect: records };
      const retried = await elapsedMs(() => ended('/synchronization-errors/bulk', bulk));
      const left = await api.inject('/api/v1/synchronization-errors?count=true&limit=1');
      if (left.json<{ total: number }>().total !== 0) throw new Error(`errors are left: ${left.body}`);
      return { retried: (records / retried) * 1000, changed: (records / changed) * 1000 };
    } finally {
      await api.close();
    }
  } finally {
    await Promise.all([hq.end(), channel.end()]);
  }
}
