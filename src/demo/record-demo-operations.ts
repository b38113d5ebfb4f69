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
  const [till, hq] = [open(houstonUrl), open(hqUrl)];
  return {
    async isFirstTime() {
      const rows = await till`select 1 from commerce.retailasynccustomerv2 limit 1`;
      return rows.length === 0;
    },
    recordNewCustomers: () => recordNewCustomers(till),
    async recordOpposingEdits() {
      await hq`update sales.customer set phone = '+17135550180' where cust_account_async = ${marigold}`;
      await update(till, 'till 3', marigold, { tel: '+17135550181' });
    },
    async recordForPull() {
      await create(till, 'till 1', randomUUID(), 'PRIVATE', {
        full_name: 'Ines Okafor',
        email_address: 'ines@okafor.example',
        tel: '+17135550175',
      });
      await create(till, 'till 3', randomUUID(), 'EVENT', {
        full_name: 'Third Ward Quilters',
        email_address: 'bees@quilters.example',
        tel: '+17135550176',
      });
    },
    async recordWaiting() {
      await create(till, 'till 2', randomUUID(), 'REST', {
        full_name: 'Galveston Ferry Snacks',
        email_address: 'snacks@ferry.example',
        tel: '+14095550177',
      });
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([till.end({ timeout: 2 }), hq.end({ timeout: 2 })]);
    },
  };
}

async function recordNewCustomers(till: postgres.Sql): Promise<void> {
  await create(till, 'till 3', marigold, 'PRIVATE', {
    full_name: 'Marigold Tamayo',
    email_address: 'marigold@tamayo.example',
    tel: '+17135550171',
  });
  await insert(till, 'retailasyncaddressv2', {
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
  await create(till, 'till 1', cyclists, 'EVENT', {
    full_name: 'Bayou City Cyclists',
    email_address: 'rides@bayou-cyclists.example',
    tel: '+17135550172',
  });
  await update(till, 'till 2', cyclists, { tel: '+17135550173' });
  // The till lets people write the country as they like; HQ knows none of that name.
  await create(till, 'till 2', crawfish, 'REST', {
    full_name: 'Crawfish & Co.',
    email_address: 'boil@crawfish.example',
    tel: '+17135550174',
    country: 'Texas',
  });
  await update(till, 'till 2', crawfish, { email_address: 'orders@crawfish.example' });
  await create(till, 'till 1', randomUUID(), 'PRIVATE', {
    full_name: 'TEST please ignore',
    tel: '0',
    country: 'Nowhere',
  });
}

const open = (url: string): postgres.Sql =>
  postgres(url, { max: 1, onnotice: () => {}, connection: { 'sales.app_user': 'm.keller' } });

type Columns = Readonly<Record<string, string | number>>;

const insert = (till: postgres.Sql, table: string, row: Readonly<Record<string, unknown>>) =>
  till`insert into ${till(`commerce.${table}`)} ${till(row)}`;

async function create(till: postgres.Sql, by: string, guid: string, group: string, columns: Columns): Promise<void> {
  const [segment] = await till`select segment_id from segment where code = ${group}`;
  await insert(till, 'retailasynccustomerv2', {
    custaccountasync: guid,
    operation: 1,
    createdby: by,
    segment_id: segment?.['segment_id'] ?? null,
    country: 'United States',
    language: 'en',
    ...columns,
  });
}

const update = (till: postgres.Sql, by: string, guid: string, columns: Columns) =>
  insert(till, 'retailasynccustomerv2', {
    custaccountasync: guid,
    operation: 2,
    createdby: by,
    changedcolumns: till.array(Object.keys(columns)),
    ...columns,
  });
