/**
 * What the tills in Houston record while they work asynchronously: rows in their operation tables, as a till writes them.
 * In three steps, between which the commerce jobs run, so that an administrator meets operations in every state.
 */
import { randomUUID } from 'node:crypto';
import postgres from 'postgres';

export interface DemoOperations extends AsyncDisposable {
  /** Nothing was recorded before: the demo starts for the first time. */
  isFirstTime(): Promise<boolean>;
  /** New customers, one of whom HQ cannot take, with what belongs to them. */
  recordNewCustomers(): Promise<void>;
  /** A till and HQ each correct the phone of the same customer. */
  recordOpposingEdits(): Promise<void>;
  /** Customers that come to HQ with the next p-job. */
  recordForPull(): Promise<void>;
  /** Customers that nobody has pulled. */
  recordWaiting(): Promise<void>;
}

const marigold = randomUUID();
const cyclists = randomUUID();
const crawfish = randomUUID();

export function openDemoOperations(houstonUrl: string, hqUrl: string): DemoOperations {
  const open = (url: string): postgres.Sql =>
    postgres(url, { max: 1, onnotice: () => {}, connection: { 'sales.app_user': 'm.keller' } });
  const [till, hq] = [open(houstonUrl), open(hqUrl)];
  const insert = (table: string, row: Readonly<Record<string, unknown>>) =>
    till`insert into ${till(`commerce.${table}`)} ${till(row)}`;
  const create = async (
    guid: string,
    name: string,
    more: Readonly<Record<string, unknown>>,
    by: string,
  ): Promise<void> => {
    const [segment] = await till`select segment_id from segment where code = ${String(more['segment'] ?? 'PRIVATE')}`;
    const { segment: _, ...columns } = more;
    await insert('retailasynccustomerv2', {
      custaccountasync: guid,
      operation: 1,
      createdby: by,
      full_name: name,
      segment_id: segment?.['segment_id'] ?? null,
      country: 'United States',
      language: 'en',
      ...columns,
    });
  };
  const update = (guid: string, columns: Readonly<Record<string, unknown>>, by: string) =>
    insert('retailasynccustomerv2', {
      custaccountasync: guid,
      operation: 2,
      createdby: by,
      changedcolumns: till.array(Object.keys(columns)),
      ...columns,
    });
  return {
    async isFirstTime() {
      const rows = await till`select 1 from commerce.retailasynccustomerv2 limit 1`;
      return rows.length === 0;
    },
    async recordNewCustomers() {
      const marigolds = { email_address: 'marigold@tamayo.example', tel: '+17135550171' };
      await create(marigold, 'Marigold Tamayo', marigolds, 'till 3');
      await insert('retailasyncaddressv2', {
        custaccountasync: marigold,
        operation: 1,
        createdby: 'till 3',
        id: -1,
        kind: 'home',
        street: '1801 Heights Boulevard',
        zip: '77008',
        town: 'Houston',
        country: 'United States',
      });
      await create(
        cyclists,
        'Bayou City Cyclists',
        { email_address: 'rides@bayou-cyclists.example', tel: '+17135550172', segment: 'EVENT' },
        'till 1',
      );
      await update(cyclists, { tel: '+17135550173' }, 'till 2');
      // The till lets people write the country as they like; HQ knows none of that name.
      await create(
        crawfish,
        'Crawfish & Co.',
        { email_address: 'boil@crawfish.example', tel: '+17135550174', country: 'Texas', segment: 'REST' },
        'till 2',
      );
      await update(crawfish, { email_address: 'orders@crawfish.example' }, 'till 2');
      await create(randomUUID(), 'TEST please ignore', { country: 'Nowhere', tel: '0' }, 'till 1');
    },
    async recordOpposingEdits() {
      await hq`update sales.customer set phone = '+17135550180' where cust_account_async = ${marigold}`;
      await update(marigold, { tel: '+17135550181' }, 'till 3');
    },
    async recordForPull() {
      await create(
        randomUUID(),
        'Ines Okafor',
        { email_address: 'ines@okafor.example', tel: '+17135550175' },
        'till 1',
      );
      await create(
        randomUUID(),
        'Third Ward Quilters',
        { email_address: 'bees@quilters.example', tel: '+17135550176', segment: 'EVENT' },
        'till 3',
      );
    },
    async recordWaiting() {
      await create(
        randomUUID(),
        'Galveston Ferry Snacks',
        { email_address: 'snacks@ferry.example', tel: '+14095550177', segment: 'REST' },
        'till 2',
      );
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([till.end({ timeout: 2 }), hq.end({ timeout: 2 })]);
    },
  };
}
