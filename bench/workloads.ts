/** The workloads W1 to W8; bench/README.md says what each number means. */
import { ADDRESS_TABLES, CHANNEL_NUMBER, CHANNEL_TABLE, fillAddresses, fillChannel, fillHq, HQ_TABLE } from './apps.ts';
import { type CoupletUnderTest, openCouplet } from './couplet-under-test.ts';
import { measureLatency } from './latency.ts';
import { elapsedMs, type Figures, rate } from './measure.ts';
import { openReference, pour, prepareReference } from './reference.ts';
import { type BenchServer, openSession, single, type Sql } from './server.ts';

export interface Bench {
  readonly server: BenchServer;
  readonly records: number;
  readonly runs: number;
  readonly wanted: ReadonlySet<string>;
  readonly subjects: ReadonlySet<'couplet' | 'reference'>;
  readonly figures: Figures;
  /** Encloses what is profiled. */
  readonly watch: <T>(workload: string, work: () => Promise<T>) => Promise<T>;
}

export async function runWorkloads(bench: Bench): Promise<void> {
  const { subjects, wanted } = bench;
  const loads = wanted.has('W1') ? bench.runs : 1;
  for (let run = 1; run <= loads; run += 1) {
    const last = run === loads;
    if (subjects.has('reference')) await measureReference(bench, last);
    if (subjects.has('couplet')) await measureCouplet(bench, last);
  }
  if (wanted.has('W8') && subjects.has('couplet'))
    for (let run = 0; run < bench.runs; run += 1) await references(bench);
}

const check = (is: number, expected: number, what: string): void => {
  if (is !== expected) throw new Error(`${what}: ${is} instead of ${expected}`);
};

// ---------------------------------------------------------------- Couplet

interface Apps extends AsyncDisposable {
  readonly hq: Sql;
  readonly channel: Sql;
}

async function openApps(server: BenchServer, hqName: string, channelName: string): Promise<Apps> {
  const hq = openSession(server.url(hqName));
  const channel = openSession(server.url(channelName));
  return { hq, channel, [Symbol.asyncDispose]: async () => void (await Promise.all([hq.end(), channel.end()])) };
}

async function prepareCouplet({ server, records }: Bench, withAddresses: boolean): Promise<void> {
  await server.recreate(['hq', 'channel', 'couplet']);
  await using apps = await openApps(server, 'hq', 'channel');
  await apps.hq.unsafe(HQ_TABLE);
  await apps.channel.unsafe(CHANNEL_TABLE);
  await fillHq(apps.hq, 1, withAddresses ? Math.ceil(records / 4) : records);
  if (withAddresses) {
    await apps.hq.unsafe(ADDRESS_TABLES.hq);
    await apps.channel.unsafe(ADDRESS_TABLES.channel);
    await fillAddresses(apps.hq);
  }
  await apps.hq.unsafe('vacuum analyze');
  await server.checkpoint();
}

async function measureCouplet(bench: Bench, andTheRest: boolean): Promise<void> {
  const { server, records, figures, wanted, watch } = bench;
  await prepareCouplet(bench, false);
  await using apps = await openApps(server, 'hq', 'channel');
  await using test = await openCouplet(server);
  const w1 = await watch('W1', () =>
    rate(records, async () => check((await test.run()).inserted, records, 'W1 inserted')),
  );
  if (wanted.has('W1')) {
    figures.add('W1 couplet', w1, 'records/s');
    figures.add('memory at W1', process.resourceUsage().maxRSS / 1024, 'MB at most');
    figures.add('W1 echo', (records / (await elapsedMs(() => settle(test)))) * 1000, 'records/s');
  } else await settle(test);
  if (!andTheRest) return;
  await sweep(apps);
  await vacuum(server);
  if (wanted.has('W4')) await noop(bench, test);
  for (let run = 0; run < bench.runs; run += 1) {
    if (wanted.has('W2')) await changes(bench, apps, test, run);
    if (wanted.has('W3')) await conflicts(bench, apps, test, run);
    if (wanted.has('W7')) await inserts(bench, apps, test, run);
    if (wanted.has('W6')) await deletions(bench, apps, test, run);
  }
  if (wanted.has('W5')) await measureLatency(bench, test);
}

/** Until a run finds nothing: own writes come back as marks once, and are then known. */
async function settle(test: CoupletUnderTest): Promise<void> {
  for (let run = 0; run < 5; run += 1) {
    const { inserted, modified, deleted, unchanged } = await test.run();
    check(inserted + modified + deleted, 0, 'writes at rest');
    if (unchanged === 0) return;
  }
}

/** As the next confirmation would: ten marks of the first load for each change of a workload are not that workload's. */
const SWEEP = `
  delete from couplet.change
   where xid < (select min(pg_snapshot_xmin(snapshot)::text::bigint)::text::xid8 from couplet.reader where struck_off_at is null)`;

async function sweep({ hq, channel }: Apps): Promise<void> {
  for (const app of [hq, channel]) await app.unsafe(SWEEP);
}

async function vacuum(server: BenchServer, names: readonly string[] = ['hq', 'channel', 'couplet']): Promise<void> {
  for (const name of names) {
    const sql = openSession(server.url(name));
    await sql.unsafe('vacuum analyze');
    await sql.end();
  }
  await server.checkpoint();
}

/** One row in ten of each side, others on each. `mark` makes the values new. */
async function changeBothSides({ hq, channel }: Apps, records: number, mark: string): Promise<void> {
  await hq.unsafe(
    `update customers set phone = left(phone, 11) || '${mark}', updated_at = now() where id % 10 = 1 and id <= ${records}`,
  );
  await channel.unsafe(
    `update crm_contact set tel = left(tel, 11) || '${mark}', modified_at = now() where ${CHANNEL_NUMBER} % 10 = 2 and customer_no like 'C%' and ${CHANNEL_NUMBER} <= ${records}`,
  );
}

async function changes(bench: Bench, apps: Apps, test: CoupletUnderTest, run: number): Promise<void> {
  const { figures, records, server, watch } = bench;
  await changeBothSides(apps, records, `h${run}`);
  await vacuum(server);
  const moved = Math.floor(records / 10) * 2;
  const found = await watch('W2', () =>
    rate(moved, async () => check((await test.run()).modified, moved, 'W2 modified')),
  );
  figures.add('W2 couplet', found, 'records/s');
  figures.add('W2 echo', await rate(moved, () => settle(test)), 'records/s');
}

async function conflicts(bench: Bench, { hq, channel }: Apps, test: CoupletUnderTest, run: number): Promise<void> {
  const { figures, records, server, watch } = bench;
  const each = Math.floor(records / 10);
  const at = 3 + (run % 3);
  await hq.unsafe(`update customers set phone = 'H' || id where id % 10 = ${at} and id <= ${records}`);
  await channel.unsafe(
    `update crm_contact set tel = 'S' || contact_id where ${CHANNEL_NUMBER} % 10 = ${at} and customer_no like 'C%' and ${CHANNEL_NUMBER} <= ${records}`,
  );
  await vacuum(server);
  const listed = await watch('W3', () =>
    rate(each, async () => check((await test.run()).conflicts, each, 'W3 conflicts')),
  );
  figures.add('W3 listed, couplet', listed, 'conflicts/s');
  await settle(test);
  await hq.unsafe(
    `update customers set street = 'H${run} ' || id, updated_at = now() where id % 10 = 7 and id <= ${records}`,
  );
  await channel.unsafe(
    `update crm_contact set addr_line = 'S${run} ' || contact_id, modified_at = now() where ${CHANNEL_NUMBER} % 10 = 7 and customer_no like 'C%' and ${CHANNEL_NUMBER} <= ${records}`,
  );
  await vacuum(server);
  const resolved = await watch('W3b', () =>
    rate(each, async () => check((await test.run()).modified, each, 'W3 resolved')),
  );
  figures.add('W3 resolved by policy, couplet', resolved, 'conflicts/s');
  await settle(test);
}

async function noop({ figures, records }: Bench, test: CoupletUnderTest): Promise<void> {
  for (let run = 0; run < 20; run += 1) await test.run();
  const times: number[] = [];
  for (let run = 0; run < 100; run += 1) times.push(await elapsedMs(() => test.run()));
  const sorted = times.toSorted((a, b) => a - b);
  figures.add(`W4 nothing to do, ${records} coupled`, sorted[50] as number, 'ms');
}

async function inserts(bench: Bench, { hq, channel }: Apps, test: CoupletUnderTest, run: number): Promise<void> {
  const { figures, records, server, watch } = bench;
  const each = Math.floor(records / 10);
  const from = records + run * each + 1;
  await fillHq(hq, from, from + each - 1);
  await fillChannel(channel, from, from + each - 1);
  await vacuum(server);
  const found = await watch('W7', () =>
    rate(2 * each, async () => check((await test.run()).inserted, 2 * each, 'W7 inserted')),
  );
  figures.add('W7 couplet', found, 'records/s');
  await settle(test);
}

async function deletions(bench: Bench, { hq }: Apps, test: CoupletUnderTest, run: number): Promise<void> {
  const { figures, records, server, watch } = bench;
  const each = Math.floor(records / 10);
  const rest = [6, 8, 9][run % 3] as number;
  const gone = await single(
    hq,
    `with gone as (delete from customers where id % 10 = ${rest} and id <= ${records} returning 1) select count(*) from gone`,
  );
  check(gone, each, 'W6 deleted in HQ');
  await vacuum(server);
  const found = await watch('W6', () => rate(each, async () => check((await test.run()).deleted, each, 'W6 deleted')));
  figures.add('W6 couplet', found, 'records/s');
  await settle(test);
}

async function references(bench: Bench): Promise<void> {
  const { figures, server, records, watch } = bench;
  await prepareCouplet(bench, true);
  await using test = await openCouplet(server, true);
  const all = Math.ceil(records / 4) * 4;
  const found = await watch('W8', () => rate(all, async () => check((await test.run()).inserted, all, 'W8 inserted')));
  figures.add('W8 couplet', found, 'records/s');
}

// ---------------------------------------------------------------- the reference engine

async function measureReference(bench: Bench, andTheRest: boolean): Promise<void> {
  const { server, records, figures, wanted, watch } = bench;
  if (wanted.has('W1')) {
    await prepareReference(server, records);
    await server.checkpoint();
    figures.add('W1 limit', await rate(records, () => pour(server)), 'records/s');
  }
  await prepareReference(server, records);
  await server.checkpoint();
  await using reference = await openReference(server);
  const loaded = await watch('W1', () =>
    rate(records, async () => check(await reference.firstLoad(), records, 'reference W1')),
  );
  if (wanted.has('W1')) figures.add('W1 reference', loaded, 'records/s');
  if (!andTheRest) return;
  await using apps = await openApps(server, 'ref_hq', 'ref_channel');
  const each = Math.floor(records / 10);
  for (let run = 0; run < bench.runs; run += 1) {
    if (wanted.has('W2')) {
      await changeBothSides(apps, records, `h${run}`);
      await vacuum(server, ['ref_hq', 'ref_channel', 'ref_sync']);
      figures.add(
        'W2 reference',
        await watch('W2', () =>
          rate(2 * each, async () => check((await reference.cycle()).moved, 2 * each, 'reference W2')),
        ),
        'records/s',
      );
    }
    if (wanted.has('W3')) {
      const at = 3 + (run % 3);
      await apps.hq.unsafe(`update customers set phone = 'H' || id where id % 10 = ${at} and id <= ${records}`);
      await apps.channel.unsafe(`update crm_contact set tel = 'S' || contact_id where ${CHANNEL_NUMBER} % 10 = ${at}`);
      await vacuum(server, ['ref_hq', 'ref_channel', 'ref_sync']);
      figures.add(
        'W3 listed, reference',
        await watch('W3', () =>
          rate(each, async () => check((await reference.cycle()).conflicts, each, 'reference W3')),
        ),
        'conflicts/s',
      );
    }
  }
  if (wanted.has('W4')) {
    const times: number[] = [];
    for (let run = 0; run < 100; run += 1) times.push(await elapsedMs(() => reference.cycle()));
    figures.add(`W4 reference, ${records} coupled`, times.toSorted((a, b) => a - b)[50] as number, 'ms');
  }
}
