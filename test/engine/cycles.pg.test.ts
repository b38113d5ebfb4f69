import { expect, test } from 'vitest';
import { compose } from '../../src/compose.ts';
import { loadConfiguration } from '../../src/config/load-configuration.ts';
import { chooseDeferred } from '../../src/engine/lane/break-cycles.ts';
import { runChannel } from '../../src/engine/run/run-channel.ts';
import { lanesOf } from '../../src/engine/lane/site.ts';
import { createLogger } from '../../src/logging/create-logger.ts';
import { createDatabase } from '../support/database.ts';
import { REQUEST } from './small-site.ts';

const HQ = `
create table employee (code text primary key, name text, department text not null);
create table department (code text primary key, title text, head text references employee);
alter table employee add foreign key (department) references department;
`;
const CHANNEL = `
create table team (id integer generated always as identity primary key, ext text, title text, lead integer);
create table person (id integer generated always as identity primary key, ext text, name text, team_id integer not null references team);
alter table team add foreign key (lead) references person;
`;
const CONFIGURATION = `
version: 1
hq: { name: HQ, kind: postgres, url: "\${HQ_URL}" }
channels: { shop: { name: Shop, kind: postgres, url: "\${SHOP_URL}" } }
mappings:
  employees:
    firstRun: automatic
    hq: { table: employee, key: [code] }
    channel: { table: person, key: [id] }
    fields:
      code: { hq: code, channel: ext }
      name: { hq: name, channel: name }
      department: { hq: department, channel: team_id, references: departments }
  departments:
    firstRun: automatic
    hq: { table: department, key: [code] }
    channel: { table: team, key: [id] }
    fields:
      code: { hq: code, channel: ext }
      title: { hq: title, channel: title }
      head: { hq: head, channel: lead, references: employees }
`;

test('of references in a circle the one that may be empty is filled later, whatever the order of the file', async () => {
  await using hq = await createDatabase();
  await using shop = await createDatabase();
  await using coupling = await createDatabase();
  await hq.sql.unsafe(HQ);
  await shop.sql.unsafe(CHANNEL);
  await hq.sql`insert into department (code, title) values ('IT', 'Computers'), ('HR', 'People')`;
  await hq.sql`insert into employee values ('E1', 'Ada', 'IT'), ('E2', 'Grace', 'HR')`;
  await hq.sql`update department set head = case code when 'IT' then 'E2' else 'E1' end`;
  const { settings } = loadConfiguration(CONFIGURATION, { HQ_URL: hq.url, SHOP_URL: shop.url });
  if (!settings) throw new Error('the configuration is wrong');
  const log = createLogger({ level: 'silent', pretty: false });
  await using couplet = await compose({ settings, databaseUrl: coupling.url, log, migrate: true });
  expect((await couplet.stores.check()).findings.filter(({ severity }) => severity === 'error')).toEqual([]);
  await couplet.install();
  const run = () => runChannel(couplet.site, couplet.memory, 'shop', lanesOf(couplet.site, 'shop'), REQUEST);
  for (const report of await run()) expect([report.status, report.code]).toEqual(['succeeded', null]);
  const people = shop.sql`select p.name, t.title, l.name as lead from person p join team t on t.id = p.team_id
    left join person l on l.id = t.lead order by 1`;
  expect([...(await people)]).toEqual([
    { name: 'Ada', title: 'Computers', lead: 'Grace' },
    { name: 'Grace', title: 'People', lead: 'Ada' },
  ]);
  const before = await shop.sql`select xmin::text from person union all select xmin::text from team`;
  await run();
  expect(await shop.sql`select xmin::text from person union all select xmin::text from team`).toEqual(before);
});

test('as few references as open all cycles are left for later', () => {
  const reference = (name: string, parent: string) => ({ name, references: { mapping: parent } });
  const mapping = (name: string, ...fields: object[]) => ({ name, fields });
  const mappings = [
    mapping('a', reference('toB', 'b')),
    mapping('b', reference('toC', 'c'), reference('toA', 'a')),
    mapping('c', reference('toA', 'a'), reference('toC', 'c')),
  ] as unknown as Parameters<typeof chooseDeferred>[0];
  const broken = chooseDeferred(mappings, ({ field, mapping: name }) => name === 'c' || field === 'toB');
  expect(broken.unbreakable).toEqual([]);
  expect([...broken.deferred].map(([name, fields]) => [name, [...fields]])).toEqual([
    ['c', ['toC']],
    ['a', ['toB']],
  ]);
  expect(broken.order).toEqual(['a', 'c', 'b']);
  const stuck = chooseDeferred(mappings, () => false);
  expect(stuck.unbreakable.length).toBeGreaterThan(0);
});
