/** Each job dies at every named point, and another process goes on: every operation is applied exactly once. */
import { describe, expect, test } from 'vitest';
import type { CrashPoint } from '../../src/engine/lane/lane-context.ts';
import type { JobKind } from '../../src/ports/coupling-database.ts';
import { openCommerceStage, runJob } from './commerce-stage.ts';

/** The process is as good as dead: whatever it would do next it does not get to do. */
const dieAt = (point: CrashPoint, mapping: string | null) => {
  let armed = false;
  return {
    arm: () => void (armed = true),
    reach: (reached: CrashPoint, lane: { readonly mapping: string } | null) => {
      if (!armed || reached !== point || (mapping !== null && lane?.mapping !== mapping)) return;
      throw new Error(`died at ${point}`);
    },
  };
};

const DEATHS: readonly (readonly [JobKind, CrashPoint, string | null])[] = [
  ['p-job', 'changes-read', null],
  ['p-job', 'cursor-moved', null],
  ['p-job', 'outcomes-recorded', '@retailasynccustomerv2'],
  ['synchronize-customers', 'decided', 'customers'],
  ['synchronize-customers', 'hq-written', 'customers'],
  ['synchronize-customers', 'outcomes-recorded', 'customers'],
  ['synchronize-customers', 'hq-written', 'addresses'],
  ['1010', 'hq-written', 'customers'],
  ['1010', 'channel-written', 'customers'],
  ['1010', 'outcomes-recorded', 'addresses'],
];

describe('a process that dies', () => {
  test.each(DEATHS)('in %s at %s (%s) leaves nothing undone and nothing done twice', async (kind, point, mapping) => {
    const death = dieAt(point, mapping);
    await using here = await openCommerceStage({ reach: death.reach });
    const guid = await here.till.create({ full_name: 'Ann', mail: 'ann@example.com' });
    await here.till.update(guid, { tel: '555' });
    await here.till.address(guid, '1', 'Main street 1');
    for (const before of ['p-job', 'synchronize-customers'] as const) {
      if (before === kind) break;
      await here.job(before);
    }
    death.arm();
    await here.job(kind).catch(() => undefined);

    const other = await here.another();
    try {
      for (let round = 0; round < 2; round += 1)
        expect(await runJob(other, 'pipeline')).toMatchObject({ status: 'succeeded' });
    } finally {
      await other.close();
    }
    expect(await here.statuses()).toEqual(['synchronized', 'synchronized', 'synchronized']);
    expect(await here.hq`select account_num, name, phone, cust_account_async from customer`).toMatchObject([
      { account_num: expect.stringMatching(/^C0/), name: 'Ann', phone: '555', cust_account_async: guid },
    ]);
    expect(await here.hq`select 1 from customer_address`).toHaveLength(1);
    expect(await here.houston`select tel from customer`).toMatchObject([{ tel: '555' }]);
    expect(await here.houston`select 1 from address`).toHaveLength(1);
    const writes = await here.coupling`select 1 from couplet.sync_log where action in ('inserted', 'modified')`;
    expect(writes).toHaveLength(5);
    expect(await here.coupling`select 1 from couplet.sync_error where status = 'open'`).toEqual([]);
  });
});
