import { expect, it } from 'vitest';
import { postgresSite } from './postgres-site.ts';

const CONFIGURATION = `version: 1
hq: { name: HQ, kind: postgres, url: "\${HQ_URL}" }
channels:
  shop: { name: Shop, kind: postgres, url: "\${SHOP_URL}" }
mappings:
  hosts:
    label: Host
    hq: { table: host, key: [ip] }
    channel: { table: machine, key: [id] }
    match: [[ip]]
    firstRun: automatic
    fields:
      ip: { hq: ip, channel: ip }
  ports:
    label: Port
    hq: { table: port, key: [id] }
    channel: { table: socket, key: [id] }
    direction: toChannel
    fields:
      host: { hq: host, channel: machine, references: hosts }
`;

it('records that refer to a network address find the record under it', async () => {
  await using site = await postgresSite({
    configuration: CONFIGURATION,
    hqScript: `create table host (ip inet primary key); create table port (id int primary key, host inet references host)`,
    shopScript: `create table machine (id int generated always as identity primary key, ip inet);
      create table socket (id int generated always as identity primary key, machine int references machine)`,
  });
  await site.hq`insert into host values ('10.0.0.1'), ('10.0.0.2/24'), ('::1')`;
  await site.hq`insert into port values (1, '10.0.0.1'), (2, '10.0.0.2/24'), (3, '::1')`;
  await site.run();
  expect(await site.openErrors()).toEqual([]);
  expect(
    await site.shop`select host(machine.ip) from socket join machine on machine.id = socket.machine order by 1`,
  ).toEqual([{ host: '10.0.0.1' }, { host: '10.0.0.2' }, { host: '::1' }]);
});
