import { describe, expect, test } from 'vitest';
import type { OpenedCouplingDatabase } from '../../src/database/open-coupling-database.ts';
import type { LiveEvent } from '../../src/ports/event-feed.ts';
import { createCouplingDatabase } from './open-test-database.ts';
import { jobRequest } from '../support/job-request.ts';

const KEY = { name: 'till', role: 'operator', channel: null, expiresAt: null } as const;
const REQUEST = { caller: 'a', method: 'POST', path: '/api/v1/synchronize', key: 'k1' };
const ANSWER = { status: 202, headers: { location: '/api/v1/jobs/1' }, body: '{"id":"1"}' };

describe('API keys', () => {
  test('a key is given out once and kept as a hash', async () => {
    await using here = await createCouplingDatabase();
    const made = await here.db.access.createApiKey(KEY);
    expect(made?.secret).toMatch(/^cpl_[\w-]{43}$/);
    expect(await here.db.access.apiKeyOf(made?.secret ?? '')).toMatchObject({ name: 'till', role: 'operator' });
    const stored = JSON.stringify(await here.sql`select * from couplet.api_key`);
    expect(stored).not.toContain(made?.secret.slice(4));
    expect(await here.db.access.apiKeyOf('cpl_unknown')).toBeNull();
  });

  test('a name is taken until its key is revoked, and a revoked or expired key opens nothing', async () => {
    await using here = await createCouplingDatabase();
    const { access } = here.db;
    const first = await access.createApiKey(KEY);
    expect(await access.createApiKey(KEY)).toBeNull();
    expect(await access.revokeApiKey('till')).toBe(true);
    expect(await access.revokeApiKey('till')).toBe(false);
    expect(await access.apiKeyOf(first?.secret ?? '')).toBeNull();
    const second = await access.createApiKey({ ...KEY, expiresAt: '2020-01-01T00:00:00Z' });
    expect(await access.apiKeyOf(second?.secret ?? '')).toBeNull();
    expect((await access.listApiKeys()).map(({ name, revokedAt }) => [name, revokedAt])).toEqual([['till', null]]);
  });

  test('a session ends with its key', async () => {
    await using here = await createCouplingDatabase();
    const { access } = here.db;
    const made = await access.createApiKey(KEY);
    const owner = { actor: 'till', role: 'operator', channel: null } as const;
    const tomorrow = new Date(Date.now() + 86_400_000);
    const session = await access.openSession(owner, made?.key.id ?? null, tomorrow);
    const other = await access.openSession(owner, null, tomorrow);
    expect(await access.sessionOf(session)).toEqual(owner);
    await access.revokeApiKey('till');
    expect(await access.sessionOf(session)).toBeNull();
    expect(await access.sessionOf(other)).toEqual(owner);
    await access.closeSession(other);
    expect(await access.sessionOf(other)).toBeNull();
    expect(await access.sessionOf(await access.openSession(owner, null, new Date(0)))).toBeNull();
  });
});

describe('repeated requests', () => {
  test('of many at once exactly one is the first; afterwards all get its answer', async () => {
    await using here = await createCouplingDatabase();
    const { access } = here.db;
    const begun = await Promise.all(Array.from({ length: 20 }, () => access.beginRequest(REQUEST, 'hash')));
    expect(begun.filter(({ kind }) => kind === 'first')).toHaveLength(1);
    expect(begun.filter(({ kind }) => kind === 'running')).toHaveLength(19);
    await access.keepAnswer(REQUEST, ANSWER);
    expect(await access.beginRequest(REQUEST, 'hash')).toEqual({ kind: 'answered', answer: ANSWER });
    expect(await access.beginRequest(REQUEST, 'another hash')).toEqual({ kind: 'other' });
    expect(await access.beginRequest({ ...REQUEST, caller: 'b' }, 'another hash')).toMatchObject({ kind: 'first' });
  });

  test('a request that was forgotten, that died, or that is a day old is a first one again', async () => {
    await using here = await createCouplingDatabase();
    const { access } = here.db;
    const begin = async (hash = 'hash') => {
      const begun = await access.beginRequest(REQUEST, hash);
      return begun.kind === 'first' ? begun.request : null;
    };
    const old = (age: string) =>
      here.sql`update couplet.idempotency_key set created_at = now() - ${age}::text::interval`;
    const first = await begin();
    expect(first).toEqual({ id: expect.any(String), isAgain: false });
    const again = { id: first?.id, isAgain: true };
    await access.forgetRequest(REQUEST);
    expect(await begin()).toEqual(again);
    await old('16 minutes');
    expect(await begin()).toEqual(again);
    await access.forgetRequest(REQUEST);
    // The same key for another request.
    const other = await begin('another hash');
    expect(other).toEqual({ id: expect.not.stringContaining(first?.id ?? ''), isAgain: false });
    await access.keepAnswer(REQUEST, ANSWER);
    await access.forgetRequest(REQUEST);
    expect(await begin('another hash')).toBeNull();
    await old('25 hours');
    expect(await begin('another hash')).toEqual({ id: expect.not.stringContaining(other?.id ?? ''), isAgain: false });
  });
});

const JOB = jobRequest({ kind: 'check', actor: null });

describe('live events', () => {
  test('a follower sees jobs begin and end, and goes on where it was after a reconnection', async () => {
    await using here = await createCouplingDatabase();
    const { db } = here;
    const end = new AbortController();
    const seen: LiveEvent[] = [];
    const following = collect(db.events.follow(null, end.signal), seen);
    await untilSeen(db, seen);
    end.abort();
    await following;
    const last = seen.at(-1) as LiveEvent;

    const missed = await db.createJob(JOB, 'queued');
    const again = new AbortController();
    for await (const event of db.events.follow(last.id, again.signal)) {
      if (event.name === 'job' && event.jobId !== missed.id) continue;
      expect(event).toMatchObject({ name: 'job', jobId: missed.id, kind: 'check', status: 'queued' });
      again.abort();
    }
  });

  test('what commits late is not left out, though its number is lower', async () => {
    await using here = await createCouplingDatabase();
    const { db, sql } = here;
    const end = new AbortController();
    const seen: LiveEvent[] = [];
    const following = collect(db.events.follow(null, end.signal), seen);
    await untilSeen(db, seen);
    let late = '';
    await sql.begin(async (transaction) => {
      const rows =
        await transaction`insert into couplet.event (name, payload) values ('job', '{"jobId":"late"}') returning id`;
      late = String(rows[0]?.id);
      const { id } = await db.createJob(JOB, 'queued');
      await expect.poll(() => seen.some((event) => event.name === 'job' && event.jobId === id)).toBe(true);
    });
    await expect.poll(() => seen.some((event) => event.id.endsWith(`;${late}`))).toBe(true);
    end.abort();
    await following;
  });

  test('errors that a statement changed alike are told one by one, and a follower goes on behind any of them', async () => {
    await using here = await createCouplingDatabase();
    const { db, sql } = here;
    const start = await startOf(db);
    await db.ensureLanes([{ mapping: 'customers', channel: 'houston' }]);
    const rows = await sql<{ id: string }[]>`
      insert into couplet.sync_error (id, lane_id, scope, kind, status, parked, attempts, code, cause, params, hq_key,
             hq_description, channel_description, hq_seen, channel_seen)
      select gen_random_uuid(), l.id, 'record', 'conflict', 'open', false, 1, 'update-conflict', 'cause', '{}', n::text, '', '', '{}', '{}'
        from couplet.lane l, generate_series(1, 3) n returning id`;
    const told: LiveEvent[] = [];
    const end = new AbortController();
    for await (const event of db.events.follow(start, end.signal)) {
      if (event.name !== 'error') continue;
      expect(event).toMatchObject({ status: 'open', kind: 'conflict', mapping: 'customers', channel: 'houston' });
      told.push(event);
      if (told.length === rows.length) end.abort();
    }
    const ids = told.map((event) => (event.name === 'error' ? event.errorId : ''));
    expect(ids.toSorted()).toEqual(rows.map(({ id }) => id).toSorted());
    expect(new Set(told.map(({ id }) => id)).size).toBe(rows.length);
    const again = new AbortController();
    // Behind one in the middle all of its statement come again: none is left out.
    for await (const event of db.events.follow(told[1]?.id ?? null, again.signal)) {
      if (event.name === 'error' && event.errorId === ids[2]) again.abort();
    }
  });

  test('an id that this database never gave begins from now', async () => {
    await using here = await createCouplingDatabase();
    const past = await here.db.createJob(JOB, 'queued');
    for (const id of ['', 'x', '5:3:;1', '1:2:9;1', `${'9'.repeat(18)}:${'9'.repeat(19)}:;1`, "1';drop table"]) {
      const end = new AbortController();
      const seen: LiveEvent[] = [];
      const following = collect(here.db.events.follow(id, end.signal), seen);
      const event = await untilSeen(here.db, seen);
      expect(event).toMatchObject({ name: 'job', jobId: expect.not.stringMatching(past.id) });
      end.abort();
      await following;
    }
  });
});

async function collect(events: AsyncIterable<LiveEvent>, into: LiveEvent[]): Promise<void> {
  for await (const event of events) into.push(event);
}

/** The id of an event that a follower has seen. */
async function startOf(db: OpenedCouplingDatabase): Promise<string> {
  const end = new AbortController();
  const seen: LiveEvent[] = [];
  const following = collect(db.events.follow(null, end.signal), seen);
  await untilSeen(db, seen);
  end.abort();
  await following;
  return seen.at(-1)?.id ?? '';
}

/** Makes jobs until the follower, which begins at a moment nobody knows, has seen one; gives that one. */
async function untilSeen(db: OpenedCouplingDatabase, seen: readonly LiveEvent[]): Promise<LiveEvent> {
  await expect
    .poll(async () => {
      if (seen.length === 0) await db.createJob(JOB, 'queued');
      return seen.length > 0;
    })
    .toBe(true);
  return seen[0] as LiveEvent;
}
