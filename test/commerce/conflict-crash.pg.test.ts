/** Whoever dies while a conflict is found or answered leaves it as it would be without the death. */
import { describe, expect, test } from 'vitest';
import type { CrashPoint } from '../../src/engine/lane/lane-context.ts';
import { openApi } from './ask-api.ts';
import { openCommerceStage, runJob } from './commerce-stage.ts';

const dying = () => {
  let at: CrashPoint | null = null;
  return {
    at: (point: CrashPoint | null) => void (at = point),
    reach: (point: CrashPoint) => {
      if (point === at) throw new Error(`died at ${point}`);
    },
  };
};

describe('a process that dies', () => {
  test.each(['hq-written', 'outcomes-recorded'] as const)('at %s, in conflicts', async (point) => {
    const death = dying();
    await using here = await openCommerceStage({ reach: death.reach });
    const guid = await here.till.create({ full_name: 'Ann', mail: 'ann@example.com' });
    await here.job('pipeline');
    await here.hq`update customer set name = 'Head'`;
    await here.till.update(guid, { full_name: 'Till', tel: '555' });
    await here.job('p-job');
    // Half of it reaches HQ, half is in conflict, and nobody records it.
    death.at(point);
    await here.job('synchronize-customers').catch(() => undefined);
    const other = await here.another();
    try {
      await runJob(other, 'synchronize-customers');
      await runJob(other, 'synchronize-customers');
      await using api = await openApi(other);
      const { body } = await api.get('/synchronization-errors');
      expect(body.items).toMatchObject([{ code: 'update-conflict', status: 'open' }]);
      expect((await api.get('/customer-operations?status=conflict')).body.items).toMatchObject([
        { errorId: body.items[0].id },
      ]);
      expect(await here.hq`select name, phone from customer`).toMatchObject([{ name: 'Head', phone: '555' }]);
      // It is answered, HQ has it, and nobody records that either.
      await using dead = await openApi(here.couplet);
      const answer = await dead.post(`/synchronization-errors/${body.items[0].id}/synchronize`, { winner: 'channel' });
      expect(answer.status).toBe(500);
      expect(await here.hq`select name from customer`).toMatchObject([{ name: 'Till' }]);
      await runJob(other, 'pipeline');
      expect((await api.get(`/synchronization-errors/${body.items[0].id}`)).body).toMatchObject({
        status: 'resolved',
        resolution: { action: 'synchronize', winner: 'channel', actor: 'local' },
      });
    } finally {
      await other.close();
    }
    expect(await here.statuses()).toEqual(['synchronized', 'synchronized']);
    expect(await here.houston`select full_name, tel from customer`).toMatchObject([{ full_name: 'Till', tel: '555' }]);
    expect(await here.coupling`select 1 from couplet.sync_error where status = 'open'`).toEqual([]);
  });
});

describe('an earlier operation that is repaired late', () => {
  test('undoes nothing that a later one has set', async () => {
    await using here = await openCommerceStage();
    await using api = await openApi(here.couplet);
    const guid = await here.till.create({ full_name: 'Ann', mail: 'ann@example.com' });
    await here.job('pipeline');
    await here.till.update(guid, { mail: 'no address', tel: '1', full_name: 'Anna' });
    await here.till.update(guid, { tel: '2' });
    await here.job('pipeline');
    expect(await here.statuses()).toEqual(['synchronized', 'failed', 'synchronized']);
    const { body } = await api.get('/customer-operations?status=failed');
    await api.save(body.items[0].id, { attributes: { email: 'new@example.com' } });
    await here.job('pipeline');
    expect(await here.hq`select name, email, phone from customer`).toMatchObject([
      { name: 'Anna', email: 'new@example.com', phone: '2' },
    ]);
    expect(await here.houston`select tel from customer`).toMatchObject([{ tel: '2' }]);
    expect(await here.statuses()).toEqual(['synchronized', 'synchronized', 'synchronized']);
  });
});
