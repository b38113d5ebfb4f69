import { describe, expect, test } from 'vitest';
import type { JobRequest } from '../../src/ports/coupling-database.ts';
import { noCounters } from '../../src/ports/coupling-database.ts';
import type { JobFilter, PageRequest } from '../../src/ports/queries.ts';
import { createCouplingDatabase, openTestLane, readAll } from './open-test-database.ts';
import { LANE, logEntry, recording, syncError } from './recordings.ts';
import { jobRequest } from '../support/job-request.ts';

const ANY: JobFilter = {
  mapping: null,
  channel: null,
  kind: null,
  status: null,
  trigger: null,
  since: null,
  until: null,
};
const PAGE: PageRequest = { limit: 100, cursor: null, sort: null, count: false };

const request = (parts: Partial<JobRequest> = {}): JobRequest =>
  jobRequest({
    kind: 'synchronize',
    mapping: 'customers',
    channel: 'houston',
    scope: 'modified',
    direction: 'both',
    ...parts,
  });
const idsOf = (items: readonly { readonly id: string }[]): string[] => items.map(({ id }) => id);
const progress = (coupled: number) => ({ counters: { ...noCounters(), coupled }, done: coupled, total: 10 });

describe('jobs', () => {
  test('run from queued to finished, and finish once', async () => {
    await using here = await createCouplingDatabase();
    await here.db.ensureLanes([LANE]);
    const job = await here.db.createJob(request({ body: { pairs: [1] } }), 'queued');
    expect(job).toMatchObject({ status: 'queued', attempts: 0, body: { pairs: [1] } });
    expect(await here.db.startJob(job.id)).toMatchObject({ status: 'running', attempts: 1 });
    expect(await here.db.startJob(job.id)).toMatchObject({ status: 'running', attempts: 2 });
    expect(await here.db.updateProgress(job.id, progress(3))).toEqual({ cancelRequested: false });
    await here.db.finishJob(job.id, 'succeeded', progress(4), null);
    await here.db.finishJob(job.id, 'failed', progress(5), { code: 'store-unreachable', params: {} });
    expect(await here.db.startJob(job.id)).toMatchObject({ status: 'succeeded' });
    expect(await here.db.queries.jobById(job.id)).toMatchObject({
      status: 'succeeded',
      code: null,
      done: 4,
      finishedAt: expect.any(String),
    });
    expect(await here.db.jobOutcome(job.id)).toMatchObject({ status: 'succeeded', counters: progress(4).counters });
    const [lane] = await here.db.queries.lanes(null);
    expect(lane).toMatchObject({ lastJobId: job.id, state: { lastSuccessAt: expect.any(String) } });
    const failed = await here.db.createJob(request(), 'running');
    await here.db.finishJob(failed.id, 'failed', progress(0), { code: 'store-unreachable', params: {} });
    const dry = await here.db.createJob(request({ dryRun: true }), 'running');
    await here.db.finishJob(dry.id, 'succeeded', progress(0), null);
    const { lastSuccessAt } = lane?.state ?? {};
    expect(await here.db.queries.lanes(null)).toMatchObject([{ lastJobId: failed.id, state: { lastSuccessAt } }]);
    expect(await here.db.queries.jobById('nothing')).toBeNull();
    const cancelled = await here.db.createJob(request(), 'queued');
    await here.db.finishJob(cancelled.id, 'cancelled', progress(0), null);
    expect(await here.db.startJob(cancelled.id)).toMatchObject({ status: 'cancelled' });
  });

  test('that are alike are queued once, body and all, also when asked for at the same moment', async () => {
    await using here = await createCouplingDatabase();
    const asked = request({ body: { a: [1, 'x'] } });
    const queued = await Promise.all(
      Array.from({ length: 8 }, (_, at) => here.db.queueJob({ ...asked, actor: `a${at}` })),
    );
    const ids = new Set(queued.map(({ job }) => job.id));
    expect(ids.size).toBe(1);
    expect(queued.filter(({ isNew }) => isNew)).toHaveLength(1);
    const [id = ''] = ids;
    expect(idsOf(await here.db.queuedJobs(0))).toEqual([id]);
    expect(idsOf(await here.db.queuedJobs(3_600_000))).toEqual([]);
    for (const other of [request({ body: { a: [1, 'y'] } }), request({ body: null }), { ...asked, dryRun: true }]) {
      expect(await here.db.queueJob(other)).toMatchObject({ isNew: true });
    }
    await here.sql`update couplet.job set cancel_requested = true where body is null`;
    expect(await here.db.queueJob(request({ body: null }))).toMatchObject({ isNew: true });
    await here.db.startJob(id);
    expect(await here.db.queueJob(asked)).toMatchObject({ isNew: true, job: { status: 'queued', actor: asked.actor } });
  });

  test('of continuous runs end as interrupted when their lane is free again, and no others', async () => {
    await using here = await createCouplingDatabase();
    const change = { trigger: 'change', actor: null } as const;
    const jobs = await Promise.all(
      [request(change), request(), request({ ...change, channel: 'austin' })].map((asked) =>
        here.db.createJob(asked, 'running'),
      ),
    );
    await here.db.endInterruptedJobs(LANE);
    const now = await Promise.all(jobs.map(({ id }) => here.db.jobOutcome(id)));
    expect(now.map(({ status, code }) => [status, code])).toEqual([
      ['failed', 'interrupted'],
      ['running', null],
      ['running', null],
    ]);
  });

  test('are listed newest first by every filter, a parent with the sum of its children', async () => {
    await using here = await createCouplingDatabase();
    const parent = await here.db.createJob(request({ mapping: null, channel: null, trigger: 'schedule' }), 'running');
    const one = await here.db.createJob(request({ parentId: parent.id }), 'running');
    const two = await here.db.createJob(
      request({ parentId: parent.id, mapping: 'items', channel: 'austin' }),
      'running',
    );
    const revert = await here.db.createJob(request({ kind: 'revert', trigger: 'change' }), 'queued');
    await here.db.updateProgress(one.id, progress(3));
    await here.db.finishJob(two.id, 'failed', progress(4), { code: 'store-unreachable', params: { store: 'hq' } });
    const found = async (filter: Partial<JobFilter>) => {
      const { items, total } = await here.db.queries.jobs({ ...ANY, ...filter }, { ...PAGE, count: true });
      expect(total).toBe(items.length);
      return idsOf(items);
    };
    expect(await found({})).toEqual([revert.id, two.id, one.id, parent.id]);
    expect(await found({ mapping: ['customers', 'items'] })).toEqual([revert.id, two.id, one.id]);
    expect(await found({ mapping: ['items'], channel: ['houston'] })).toEqual([]);
    expect(await found({ channel: ['austin'] })).toEqual([two.id]);
    expect(await found({ kind: ['revert', 'bulk'] })).toEqual([revert.id]);
    expect(await found({ status: ['failed', 'queued'] })).toEqual([revert.id, two.id]);
    expect(await found({ status: ['succeeded', 'running'] })).toEqual([one.id, parent.id]);
    expect(await found({ trigger: ['schedule'] })).toEqual([parent.id]);
    expect(await found({ since: '2999-01-01' })).toEqual([]);
    expect(await found({ since: '2020-01-01T00:00:00Z', until: '2999-01-01' })).toHaveLength(4);
    const sorted = await readAll((page) => here.db.queries.jobs(ANY, { ...page, sort: 'mapping' }), 2);
    expect(sorted.map(({ mapping }) => mapping)).toEqual(['customers', 'customers', 'items', null]);
    expect(await here.db.queries.jobById(parent.id)).toMatchObject({
      children: [one.id, two.id],
      done: 7,
      total: 20,
      counters: { coupled: 7 },
    });
    expect(await here.db.queries.jobById(two.id)).toMatchObject({ code: 'store-unreachable', params: { store: 'hq' } });
  });

  test('are cancelled at once while queued, asked to stop while running, with their children', async () => {
    await using here = await createCouplingDatabase();
    const parent = await here.db.createJob(request(), 'running');
    const [running, queued] = [
      await here.db.createJob(request({ parentId: parent.id }), 'running'),
      await here.db.createJob(request({ parentId: parent.id }), 'queued'),
    ];
    expect(await here.db.queries.cancelJob(parent.id)).toBe('asked');
    expect((await here.db.jobById(queued.id))?.status).toBe('cancelled');
    expect(await here.db.updateProgress(running.id, progress(1))).toEqual({ cancelRequested: true });
    expect(await here.db.queries.cancelJob(queued.id)).toBe('finished');
    expect(await here.db.queries.cancelJob('nothing')).toBeNull();
    const alone = await here.db.createJob(request(), 'queued');
    expect(await here.db.queries.cancelJob(alone.id)).toBe('cancelled');
  });

  test('have results, theirs and their children’s, in order and filtered', async () => {
    await using here = await createCouplingDatabase();
    const fence = await openTestLane(here.db);
    const job = await here.db.createJob(request({ kind: 'bulk' }), 'running');
    const child = await here.db.createJob(request({ parentId: job.id }), 'running');
    const error = syncError({ hqRecord: { ...syncError().hqRecord, key: ['C9'] } });
    const result = (hqKey: string, status: 'succeeded' | 'failed', code: string | null) => ({
      status,
      code,
      params: {},
      errorId: null,
      couplingId: null,
      hqKey: [hqKey],
      channelKey: null,
      writes: [{ side: 'hq' }],
      candidates: [{ side: 'channel' as const, key: ['1'], description: 'd', matchedOn: ['email'] }],
    });
    await here.db.record(
      recording(fence, {
        jobId: job.id,
        errors: [error],
        results: [result('C1', 'succeeded', null), result('C2', 'failed', 'x')],
      }),
    );
    await here.db.record(recording(fence, { jobId: child.id, results: [result('C3', 'failed', 'y')] }));
    await here.db.addJobResult(job.id, error.id, 'failed', 'stale-decision', null);
    const keys = async (filter: object) => {
      const any = { status: null, code: null, q: null, ...filter };
      const items = await readAll((page) => here.db.queries.jobResults(job.id, any, page), 2);
      return items.map(({ hqKey }) => hqKey?.[0]);
    };
    expect(await keys({})).toEqual(['C1', 'C2', 'C3', 'C9']);
    expect(await keys({ status: ['failed'] })).toEqual(['C2', 'C3', 'C9']);
    expect(await keys({ code: ['x', 'stale-decision'] })).toEqual(['C2', 'C9']);
    expect(await keys({ q: 'c3' })).toEqual(['C3']);
    const [first] = (await here.db.queries.jobResults(job.id, { status: null, code: null, q: null }, PAGE)).items;
    expect(first).toEqual({ ...result('C1', 'succeeded', null), lane: { mapping: 'customers', channel: 'houston' } });
  });
});

describe('the overview', () => {
  test('counts what was done, hour by hour, and keeps the number of couplings', async () => {
    await using here = await createCouplingDatabase();
    const fence = await openTestLane(here.db);
    await here.db.moveCursor(
      'hq',
      null,
      null,
      '1',
      [{ lane: LANE, side: 'hq', key: ['A'], deleted: false, oldRow: null }],
      [],
    );
    const done = await here.db.takePending(LANE, ['due'], null, 10);
    await here.db.record(
      recording(fence, {
        done,
        log: [logEntry(), logEntry({ action: 'conflict' })],
        errors: [syncError({ hqRecord: { ...syncError().hqRecord, key: ['A'] } })],
      }),
    );
    const history = await here.db.queries.history();
    expect(history).toHaveLength(24);
    // The hour may have ended since.
    expect(history.slice(-2).filter(({ changes }) => changes > 0)).toMatchObject([
      { changes: 1, writes: 1, errors: 1 },
    ]);
    expect(history[0]).toMatchObject({ changes: 0, writes: 0, errors: 0 });
    expect(history.map(({ hour }) => hour)).toEqual([...history.map(({ hour }) => hour)].sort());
  });

  test('tells the lag of each side, and none of a store that was never read', async () => {
    await using here = await createCouplingDatabase();
    await here.db.ensureLanes([LANE]);
    await here.db.moveCursor(
      'hq',
      null,
      null,
      '1',
      [{ lane: LANE, side: 'hq', key: ['A'], deleted: false, oldRow: null }],
      [],
    );
    await here.sql`update couplet.pending set since = now() - interval '90 seconds'`;
    const [lane] = await here.db.queries.lanes(['customers']);
    expect(lane?.lagSeconds.hq).toBeGreaterThanOrEqual(90);
    expect(lane?.lagSeconds.channel).toBeNull();
    await here.db.moveCursor('channel', 'houston', null, '1', [], []);
    expect((await here.db.queries.lanes(null))[0]?.lagSeconds.channel).toBe(0);
  });

  test('knows since when a store is as it is', async () => {
    await using here = await createCouplingDatabase();
    const note = (state: 'reachable' | 'unreachable') =>
      here.db.queries.noteStoreState({
        side: 'hq',
        channel: null,
        state,
        captureInstalled: true,
        problems: [{ code: state }],
      });
    await note('reachable');
    const [first] = await here.db.queries.storeStates();
    await note('reachable');
    expect(await here.db.queries.storeStates()).toEqual([first]);
    await note('unreachable');
    const [second] = await here.db.queries.storeStates();
    expect(second).toMatchObject({
      side: 'hq',
      channel: null,
      state: 'unreachable',
      problems: [{ code: 'unreachable' }],
    });
    expect(second?.since).not.toBe(first?.since);
  });

  test('keeps the configurations that were in force', async () => {
    await using here = await createCouplingDatabase();
    expect(await here.db.queries.latestConfiguration()).toBeNull();
    const noted = [];
    for (const version of [1, 2, 3]) {
      noted.push(
        await here.db.queries.noteConfiguration({ actor: 'anna', difference: { version }, configuration: { version } }),
      );
    }
    expect(await here.db.queries.latestConfiguration()).toEqual(noted[2]);
    expect(await readAll((page) => here.db.queries.configurationHistory(page), 2)).toEqual(noted.reverse());
  });
});
