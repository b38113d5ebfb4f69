/** What the stages of commerce have alike: a channel's customers, their mapping, and what the file says of commerce. */

export const CHANNEL_CUSTOMER = `
  create table customer (id bigint generated always as identity primary key, account text, full_name text not null,
    mail text, tel text, cust_account_async uuid);`;

export const CUSTOMERS = `
  customers:
    label: Customer
    hq: { table: customer, key: [account_num], describe: [account_num, name] }
    channel: { table: customer, key: [id], describe: [full_name] }
    firstRun: automatic
    initialWinner: hq
    match: [[email]]
    fields:
      number: { hq: account_num, channel: account, direction: toChannel }
      name: { hq: name, channel: full_name }
      email: { hq: email, channel: mail }
      phone: { hq: phone, channel: tel }`;

/** Nothing runs by itself: the tests say when. */
export const commerceOf = (channels: string): string => `
commerce:
  customers: customers
  parts: { addresses: addresses }
  account: { column: account_num, format: "C{000000}" }
  asyncAccount: { hq: cust_account_async, channel: cust_account_async }
  channels: { ${channels} }
  schedules: { p-job: manual, synchronize-customers: manual, "1010": manual }
  deactivateCustomer: { column: blocked, value: "true" }
`;
