/** A direct create that meets a customer in HQ whose group no channel has. */
import { expect, test } from 'vitest';
import { openTwoChannels } from './two-channel-stage.ts';

const online = '/commerce/channels/online/customers';
const withGroups = (text: string): string =>
  text
    .replace(
      'phone: { hq: phone, channel: tel }',
      'group: { hq: phone, channel: tel, references: groups, ifUncoupled: wait }',
    )
    .replace(
      '  addresses:\n',
      `  groups:
    firstRun: automatic
    hq: { table: customer_group, key: [id], filter: visible, describe: [name] }
    channel: { table: segment, key: [id], describe: [name] }
    match: [[name]]
    fields: { name: { hq: name, channel: name } }
  addresses:
`,
    );

test.for(['hq', 'manual'])(
  'is told which record of HQ it met and what is in its way, with nothing kept; %s winning',
  async (winner) => {
    await using here = await openTwoChannels({
      configuration: (text) => withGroups(text).replace('initialWinner: hq', `initialWinner: ${winner}`),
      hqTables: 'create table customer_group (id text primary key, name text, visible boolean not null)',
      channelTables: 'create table segment (id text primary key, name text)',
    });
    await here.hq`insert into customer_group values ('G1', 'one', true), ('G2', 'two', false)`;
    await here.online`insert into segment values ('1', 'one')`;
    await here.ask('POST', '/mappings/groups/synchronize', { scope: 'full' }, { prefer: 'wait=60' });
    await here.hq`insert into customer (account_num, name, email, phone) values ('H1', 'Ann', 'ann@example.com', 'G2')`;
    const values = { name: 'Ann', email: 'ann@example.com', group: '1' };
    const before = await here.hq`select * from customer`;
    const refused = await here.ask('POST', online, { values, addresses: [{ street: 'Main' }] });
    expect(refused).toMatchObject(
      winner === 'hq'
        ? {
            status: 422,
            body: {
              code: 'parent-not-coupled',
              detail: 'group refers to groups G2, which is not coupled; HQ has this record already: H1 Ann',
              params: { parent: 'groups', parentKey: ['G2'], matched: 'H1 Ann' },
            },
          }
        : {
            status: 409,
            body: {
              code: 'initial-conflict',
              detail:
                'group differs between the two records, and nothing says which is right; HQ has this record already: H1 Ann',
            },
          },
    );
    expect(refused.body).toMatchObject({ remedy: expect.any(String), errors: [{ pointer: '/values/group' }] });
    expect(await here.hq`select * from customer`).toEqual(before);
    expect(await here.hq`select 1 from customer_address`).toEqual([]);
    expect(await here.online`select 1 from commerce.retailasynccustomerv2`).toEqual([]);
    if (winner === 'manual') return;

    // With its group coupled, the same call comes through.
    await here.hq`update customer_group set visible = true where id = 'G2'`;
    await here.online`insert into segment values ('2', 'two')`;
    await here.ask('POST', '/mappings/groups/couple', {}, { prefer: 'wait=60' });
    expect(await here.ask('POST', online, { values, addresses: [{ street: 'Main' }] })).toMatchObject({
      status: 201,
      body: { customerAccount: 'H1' },
    });
    expect(await here.hq`select phone from customer`).toEqual([{ phone: 'G2' }]);
  },
);
