/** What a job says when it is over. */
import { expect, it } from 'vitest';
import { lanesOf } from '../../src/engine/lane/site.ts';
import { runChannel } from '../../src/engine/run/run-channel.ts';
import { CouplingDatabaseUnreachable } from '../../src/errors/coupling-database-faults.ts';
import type { JobRequest } from '../../src/ports/coupling-database.ts';
import { jobRequest } from '../support/job-request.ts';
import { until } from '../support/until.ts';
import { REQUEST, siteInStep, type SmallSite } from './small-site.ts';

it('a run whose end could not be written is over once the coupling database is back', async () => {
  await using site = await siteInStep();
  site.hq.update('customers', { num: 'C1' }, { name: 'New name' });
  let isAway = true;
  const finishJob: SmallSite['database']['finishJob'] = (...of) =>
    isAway
      ? Promise.reject(new CouplingDatabaseUnreachable('The coupling database does not answer.'))
      : site.database.finishJob(...of);
  const database = new Proxy(site.database, {
    get: (of, name, receiver) => (name === 'finishJob' ? finishJob : Reflect.get(of, name, receiver)),
  });
  const request = { ...REQUEST, trigger: 'change', actor: null } as const;
  const lanes = lanesOf(site.site, 'houston');
  await expect(runChannel({ ...site.site, database }, site.memory, 'houston', lanes, request)).rejects.toThrow(
    'does not answer',
  );
  const running = () => site.sql`select from couplet.job where status = 'running'`;
  expect(await running()).toHaveLength(1);
  isAway = false;
  await until(async () => (await running()).length === 0, { timeoutMs: 30_000 });
  const [job] = await site.sql`select status, done from couplet.job where trigger = 'change'`;
  expect(job).toMatchObject({ status: 'succeeded', done: 1 });
});

it('couplings and proven pairs are what was done by jobs that write no record', async () => {
  await using site = await siteInStep();
  const done = async (request: Pick<JobRequest, 'kind'> & Partial<JobRequest>): Promise<number> => {
    const { id } = await site.database.createJob(jobRequest({ channel: 'houston', ...request }), 'queued');
    await site.synchronizer.execute(id, () => Promise.resolve(false));
    return (await site.database.jobProgress(id)).done;
  };
  expect(await done({ kind: 'verify' })).toBe(5);
  expect(await done({ kind: 'uncouple', mapping: 'customers', body: { all: true } })).toBe(4);
  expect(await done({ kind: 'couple', mapping: 'customers', body: {} })).toBe(4);
});
