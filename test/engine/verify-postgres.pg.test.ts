import { describe, expect, it } from 'vitest';
import type { Mapping } from '../../src/domain/mapping.ts';
import { emptyMemory } from '../../src/engine/lane/lane-memory.ts';
import { prepareLane } from '../../src/engine/run/open-lane.ts';
import { proveNext } from '../../src/engine/verify/prove-lane.ts';
import { storeOf } from '../../src/engine/lane/site.ts';
import { SIDES } from '../../src/domain/record.ts';
import { type PostgresSite, postgresSite } from './postgres-site.ts';
import { jobRequest } from '../support/job-request.ts';

const COLUMNS = {
  words: 'text',
  short: 'varchar(30)',
  padded: 'char(12)',
  whole: 'bigint',
  amount: 'numeric(14,4)',
  loose: 'numeric',
  ratio: 'double precision',
  single: 'real',
  yes: 'boolean',
  day: 'date',
  clock: 'time',
  moment: 'timestamptz',
  local: 'timestamp',
  span: 'interval',
  guid: 'uuid',
  doc: 'json',
  tree: 'jsonb',
  bits: 'bytea',
  tags: 'text[]',
  place: 'inet',
} as const;
const columns = Object.entries(COLUMNS)
  .map(([name, type]) => `${name} ${type}`)
  .join(', ');

const CONFIGURATION = `version: 1
hq: { name: HQ, kind: postgres, url: "\${HQ_URL}" }
channels:
  shop: { name: Shop, kind: postgres, url: "\${SHOP_URL}" }
mappings:
  things:
    label: Thing
    hq: { table: thing, key: [part, num] }
    channel: { table: item, key: [id], filter: "not hidden" }
    match: [[part, num]]
    firstRun: automatic
    fields:
      part: { hq: part, channel: part }
      num: { hq: num, channel: num }
      grade: { hq: grade, channel: grade, values: { A: first, B: second } }
      fixed: { channel: origin, constant: HQ, direction: toChannel }
${Object.keys(COLUMNS)
  .map((name) => `      ${name}: { hq: ${name}, channel: ${name} }\n`)
  .join('')}`;

/** With what JSON escapes, what PostgreSQL prints in its own way, nulls, and signs beyond the first plane. */
const FILL = `
insert into thing select 'P "' || n || '\\\\', n * 1.50, case when n % 2 = 0 then 'A' else 'B' end,
  case n % 4 when 0 then null when 1 then E'tab\\there, "quoted", back\\\\slash, line\\nend' when 2 then 'Zoë 漢字 🎈 / ' || chr(1) || chr(127) || chr(8232) else '' end,
  'short ' || n, 'padded', n::bigint * 1000000007, n / 7.0, n / 3.0, n / 3.0, n / 3.0, n % 2 = 0, date '2024-02-28' + n,
  time '23:59:59.5' - make_interval(secs => n), timestamptz '2024-03-31 02:30:00.123456+02' + make_interval(hours => n),
  timestamp '2024-01-01' + make_interval(mins => n), make_interval(months => n, hours => n), gen_random_uuid(),
  json_build_object('b', n, 'a', '"x"'), jsonb_build_object('b', n, 'a', null), decode('00ff5c22', 'hex'),
  array['a"b', null, 'c,d'], '10.0.0.1'
from generate_series(1, 40) n;
insert into thing (part, num) select 'empty', n from generate_series(1, 5) n`;

async function inStep(): Promise<PostgresSite> {
  const site = await postgresSite({
    configuration: CONFIGURATION,
    hqScript: `create table thing (part text, num numeric, grade text, ${columns}, primary key (part, num))`,
    shopScript: `create table item (id int generated always as identity primary key, part text, num numeric, grade text, origin text, hidden boolean not null default false, ${columns})`,
  });
  await site.hq.unsafe(FILL);
  await site.run();
  await site.run();
  expect(await site.openErrors()).toEqual([]);
  return site;
}

const JOB = jobRequest({ kind: 'verify' });

async function verify({ couplet }: PostgresSite) {
  const job = await couplet.database.createJob(JOB, 'queued');
  await couplet.synchronizer.execute(job.id, () => Promise.resolve(false));
  return couplet.database.jobOutcome(job.id);
}

const withoutField = (mapping: Mapping, name: string): Mapping => ({
  ...mapping,
  fields: mapping.fields.filter((field) => field.name !== name),
});

const LANE = { mapping: 'things', channel: 'shop' };

/** What the coupling database says of the bases, and what each store says of its records. */
async function digests({ couplet: { site, memory, database } }: PostgresSite) {
  const stores = { hq: storeOf(site, 'hq', null), channel: storeOf(site, 'channel', 'shop') };
  const { prepared, tables } = await prepareLane(site, memory, LANE, stores);
  const range = await database.proofs.rangeAfter(LANE, null, 10_000);
  const ofStores = await Promise.all(
    SIDES.map(async (side) =>
      tables[side].digest({
        keys: range?.keys[side] ?? [],
        values: prepared.fields.map((field) => field.columns[side]),
      }),
    ),
  );
  return { range, ofStores };
}

describe('verification over PostgreSQL', () => {
  it('computes the same digest in both stores and from the bases, whatever the type', async () => {
    await using site = await inStep();
    const { range, ofStores } = await digests(site);
    expect(range).toMatchObject({ pairs: 45, apart: [] });
    expect(ofStores).toEqual([range?.digests.hq, range?.digests.channel]);
    expect(range?.digests.hq.records).toBe(45);
    await site.shop`update item set amount = amount + 0.0001 where num = 3`;
    const changed = await digests(site);
    expect(changed.ofStores[0]).toEqual(range?.digests.hq);
    expect(changed.ofStores[1]).not.toEqual(range?.digests.channel);
  });

  it('needs no values for bases of before a field was taken out of the configuration', async () => {
    await using site = await inStep();
    const { database, site: engine } = site.couplet;
    const fewer = { ...engine, mappings: engine.mappings.map((mapping) => withoutField(mapping, 'short')) };
    const { prepared, tables } = await prepareLane(fewer, emptyMemory(), LANE, {
      hq: storeOf(engine, 'hq', null),
      channel: storeOf(engine, 'channel', 'shop'),
    });
    const range = await database.proofs.rangeAfter(LANE, null, 10_000);
    expect(range).toMatchObject({ pairs: 45, apart: [], digests: { hq: { records: 45 } } });
    for (const side of SIDES) {
      const values = prepared.fields.map((field) => field.columns[side]);
      expect(await tables[side].digest({ keys: range?.keys[side] ?? [], values })).toEqual(range?.digests[side]);
    }
  });

  it('proves all pairs, and keeps when it did', async () => {
    await using site = await inStep();
    expect(await site.couplet.database.proofs.proofs()).toMatchObject([
      { pairs: 45, verified: 0, oldestProofAt: null },
    ]);
    expect(await verify(site)).toMatchObject({
      status: 'succeeded',
      params: { pairs: 45, verified: 45, differences: 0, drift: 0 },
    });
    const [proof] = await site.couplet.database.proofs.proofs();
    expect(proof).toMatchObject({ mapping: 'things', pairs: 45, verified: 45, differences: 0 });
    expect(Date.parse(proof?.oldestProofAt ?? '')).toBeGreaterThan(Date.now() - 60_000);
  });

  it('names the pairs that were changed, deleted or exchanged behind the capture’s back, and repairs none', async () => {
    await using site = await inStep();
    await site.shop.begin(async (sql) => {
      await sql`set local session_replication_role = replica`;
      await sql`update item set words = 'Behind our back' where num = 6`;
      await sql`delete from item where num = 7.5`;
      // Two records that exchange their values leave the sums of both as they were, were the key not in them.
      await sql`update item a set words = b.words, short = b.short from item b
        where a.num in (9, 10.5) and b.num in (9, 10.5) and a.num <> b.num`;
    });
    expect(await verify(site)).toMatchObject({ params: { pairs: 45, verified: 41, differences: 4 } });
    const errors = await site.openErrors();
    expect(errors.map(({ code }) => code)).toEqual(Array.from({ length: 4 }, () => 'verification-difference'));
    expect(errors.map(({ params }) => params['field']).toSorted()).toEqual(['channel', 'words', 'words', 'words']);
    expect(await site.hq`select count(*)::int n from thing`).toEqual([{ n: 45 }]);
    // Those that have an error are left to it.
    expect(await verify(site)).toMatchObject({ params: { pairs: 45, verified: 41, differences: 0 } });
  });

  it('takes another text of the same value for no difference, and leaves out what is hidden or on its way', async () => {
    await using site = await inStep();
    await site.shop.begin(async (sql) => {
      await sql`set local session_replication_role = replica`;
      await sql`update item set loose = (loose::text || '000')::numeric, doc = '{"a": "\\"x\\"",   "b": 4}' where num = 6`;
    });
    await site.shop`update item set words = 'hidden', hidden = true where num = 1.5`;
    await site.hq`update thing set words = 'on its way' where num = 4.5`;
    expect(await verify(site)).toMatchObject({ params: { pairs: 45, verified: 43, differences: 0 } });
    expect(await site.openErrors()).toEqual([]);
  });
});

describe('the proof in the background', () => {
  it('goes range by range, is taken up by another process where it stood, and rests while it is fresh', async () => {
    await using site = await inStep();
    const { couplet } = site;
    const { proofs } = couplet.database;
    const before = await proofs.loadProof(LANE);
    expect(before).toMatchObject({ passStartedAt: null, provenAt: null });
    // A pass that somebody else has begun and left.
    const range = await proofs.rangeAfter(LANE, null, 20);
    const half = { pairs: 20, verified: 20, drift: 0, after: range?.lastId ?? null };
    expect(await proofs.moveProof(LANE, before, half)).toBe(true);
    expect(await proofs.moveProof(LANE, before, half)).toBe(false);
    expect(await proveNext(couplet.site, couplet.memory, LANE)).toBe('done');
    const [proof] = await proofs.proofs();
    expect(proof).toMatchObject({ pairs: 45, verified: 45, differences: 0 });
    await site.shop`update item set words = 'Behind our back' where num = 6`;
    expect(await proveNext(couplet.site, couplet.memory, LANE)).toBe('done');
    expect((await proofs.loadProof(LANE)).provenAt).toBe(proof?.oldestProofAt);
  });

  it('tells a difference as an error, with a job that says where it comes from', async () => {
    await using site = await inStep();
    await site.shop.begin(async (sql) => {
      await sql`set local session_replication_role = replica`;
      await sql`update item set words = 'Behind our back' where num = 6`;
    });
    await proveNext(site.couplet.site, site.couplet.memory, LANE);
    expect(await site.openErrors()).toMatchObject([{ code: 'verification-difference', params: { field: 'words' } }]);
    const jobs = await site.coupling`select kind, trigger, status from couplet.job where kind = 'verify'`;
    expect(jobs).toEqual([{ kind: 'verify', trigger: 'schedule', status: 'succeeded' }]);
    expect(await site.couplet.database.proofs.proofs()).toMatchObject([{ pairs: 45, verified: 44, differences: 1 }]);
  });
});
