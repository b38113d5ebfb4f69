/** A record that cannot be written is tried again by itself, less and less often, until it is left to somebody. */
import { expect, it } from 'vitest';
import { customersWith, type SmallSite, smallSite } from './small-site.ts';

const TOO_LONG = 'x'.repeat(50);
const CONTINUOUS = { trigger: 'change', actor: null } as const;

const told = async ({ sql }: SmallSite) =>
  (
    await sql<{ code: string; attempts: number; parked: boolean; seconds: number | null }[]>`
      select code, attempts, parked, extract(epoch from retry_at - timestamptz '2026-11-21 10:00:00Z')::int as seconds
        from couplet.sync_error where status = 'open'`
  )[0];
const retryAt = ({ sql }: SmallSite, fromNow: string) =>
  sql`update couplet.sync_error set retry_at = now() + ${fromNow}::interval where status = 'open'`;
const failures = ({ sql }: SmallSite) => sql`select code from couplet.sync_log where action = 'failed' order by id`;

async function oneRefused(lines = ''): Promise<SmallSite> {
  const site = await smallSite({ configuration: customersWith(lines) });
  for (const n of [1, 2])
    site.hq.insert('customers', { num: `C${n}`, name: `Customer ${n}`, email: `c${n}@example.com` });
  await site.run();
  site.hq.update('customers', { num: 'C1' }, { name: TOO_LONG });
  await site.run(CONTINUOUS);
  return site;
}

it('when its time has come, by whoever asks before it is parked, and afterwards by a full run alone', async () => {
  await using site = await oneRefused();
  expect(await told(site)).toEqual({ code: 'value-too-long', attempts: 1, parked: false, seconds: 30 });
  await retryAt(site, '1 day');
  await site.run(CONTINUOUS);
  expect(await told(site)).toMatchObject({ attempts: 1 });
  await retryAt(site, '-1 second');
  await site.run(CONTINUOUS);
  expect(await told(site)).toMatchObject({ attempts: 2, parked: false, seconds: 60 });
  await retryAt(site, '1 day');
  await site.run();
  expect(await told(site)).toEqual({ code: 'value-too-long', attempts: 3, parked: true, seconds: null });
  for (const asked of [CONTINUOUS, {}]) await site.run(asked);
  expect(await told(site)).toMatchObject({ attempts: 3, parked: true });
  await site.run({ scope: 'full' });
  expect(await told(site)).toMatchObject({ attempts: 4, parked: true });
  expect(await failures(site)).toEqual([{ code: 'value-too-long' }]);
});

it('for the next reason as for the first, which the log tells', async () => {
  await using site = await oneRefused();
  site.hq.update('customers', { num: 'C1' }, { name: 'short', email: 'c2@example.com' });
  await site.run(CONTINUOUS);
  expect(await told(site)).toMatchObject({ code: 'constraint-violated', attempts: 2 });
  expect(await failures(site)).toEqual([{ code: 'value-too-long' }, { code: 'constraint-violated' }]);
});

it('at last once in an hour', async () => {
  await using site = await oneRefused('    failures: { maxAttempts: 20 }\n');
  await site.sql`update couplet.sync_error set attempts = 15`;
  await retryAt(site, '-1 second');
  await site.run(CONTINUOUS);
  expect(await told(site)).toMatchObject({ attempts: 16, seconds: 3_600 });
});

it('from the first time on, where it was a conflict before', async () => {
  await using site = await smallSite();
  site.hq.insert('customers', { num: 'C1', name: 'Customer 1', email: 'c1@example.com' });
  await site.run();
  site.hq.update('customers', { num: 'C1' }, { name: 'HQ' });
  site.houston.update('shoppers', { cust_num: 'C1' }, { full_name: 'Till' });
  await site.run();
  expect(await told(site)).toMatchObject({ code: 'update-conflict', attempts: 1 });
  site.hq.update('customers', { num: 'C1' }, { name: TOO_LONG });
  site.houston.update('shoppers', { cust_num: 'C1' }, { full_name: 'Customer 1' });
  await site.run();
  expect(await told(site)).toMatchObject({ code: 'value-too-long', attempts: 1, parked: false });
});
