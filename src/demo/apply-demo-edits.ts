/**
 * What people do in the three apps after the first synchronization, so that the next one has something to find: ordinary
 * edits, conflicts, deletions, and one failure of each common kind.
 *
 * The edits of HQ and of the channels are meant to happen between two runs. While a run watched, it would carry the
 * first of two opposing edits across before the second is made, and there would be no conflict.
 */
import postgres from 'postgres';
import { houstonsOwnBarcode } from './create-demo-stores.ts';
import { generateDemoRecords } from './generate-demo-records.ts';

export interface DemoStoreUrls {
  hqUrl: string;
  houstonUrl: string;
  onlineUrl: string;
}

/** Who plays which part, by account or item number. All of them are coupled by the first run. */
const cast = {
  emailConflict: accountNamed('Restaurant Søhesten'),
  nameAndPhoneConflict: accountNamed('Hotel De Gouden Leeuw'),
  addressConflict: accountNamed('Krankenhaus der Barmherzigen Brüder'),
  webPhoneConflict: accountNamed('Lone Star Foodservice'),
  itemConflict: '3030',
  sameEditOnBothSides: accountNamed('Gonçalves & Irmãos, Lda.'),
  itemDeletedInHq: '8050',
  addressDeletedInHouston: accountNamed('Do & Schmaus Catering'),
  nameTooLong: accountNamed('Goethe-Schule Köpenick'),
  creditAboveTillLimit: accountNamed('Three Brothers Bakery'),
  barcodeTaken: '6050',
  phoneRemoved: accountNamed('Günther Pichler'),
  groupNotForChannels: accountNamed('Pemberton, Wells & Co.'),
  moreCredit: ['Brûlerie des Chartrons', 'Palarnia Kawy Ślimak', "O'Brien & Sons, Ltd."].map(accountNamed),
  newPhoneAtTheTill: accountNamed('Núria Vilà i Puig'),
  newEmailOnTheWeb: accountNamed('Theresia Österreicher'),
};

/** Two tills and HQ, each on its own, enter this customer. */
const enteredThreeTimes = 'events@discovery-green.example';

/**
 * Makes the edits in each store that has not seen them yet, each store in one transaction. Returns whether any was made.
 * Throws when a record is not where the first synchronization should have put it.
 */
export async function applyDemoEdits({ hqUrl, houstonUrl, onlineUrl }: DemoStoreUrls): Promise<boolean> {
  const hq = await editOnce(hqUrl, 'sales', editHq);
  const houston = await editOnce(houstonUrl, 'public', editHouston);
  const online = await editOnce(onlineUrl, 'shop', editOnline);
  return hq || houston || online;
}

/** Runs one statement that must change exactly one row. */
type Edit = (statement: string, ...parameters: (string | number | null)[]) => Promise<void>;

const done = 'The demo edits were made here.';

async function editOnce(url: string, schema: string, work: (edit: Edit) => Promise<void>): Promise<boolean> {
  const sql = postgres(url, { max: 1, onnotice: () => {}, connection: { 'sales.app_user': 'm.keller' } });
  try {
    return await sql.begin(async (transaction) => {
      const [found] = await transaction`
        select obj_description(oid, 'pg_namespace') as note from pg_namespace where nspname = ${schema}`;
      if (found?.['note'] === done) return false;
      await work(async (statement, ...parameters) => {
        const { count } = await transaction.unsafe(statement, parameters);
        if (count !== 1)
          throw new Error(
            `The demo is not as its first synchronization leaves it: ${statement} (${parameters.join(', ')})`,
          );
      });
      await transaction.unsafe(`comment on schema "${schema}" is '${done}'`);
      return true;
    });
  } finally {
    await sql.end();
  }
}

async function editHq(edit: Edit): Promise<void> {
  const customer = (assignment: string, account: string, ...values: (string | number | null)[]): Promise<void> =>
    edit(`update sales.customer set ${assignment} where account_num = $1`, account, ...values);
  const insertCustomer = `insert into sales.customer (name, group_code, email, phone, country_code, currency, language_code)
    values ($1, $2, $3, $4, $5, $6, $7)`;
  const firstAddress = `address_id = (select min(address_id) from sales.customer_address where account_num = $1)`;

  await customer('email = $2', cast.emailConflict, 'bogholderi@sohesten.example');
  await customer('name = $2, phone = $3', cast.nameAndPhoneConflict, 'Hotel De Gouden Leeuw B.V.', '+31433550011');
  await edit(
    `update sales.customer_address set street = $2 where ${firstAddress}`,
    cast.addressConflict,
    'Maria-Theresien-Straße 108, Haus B',
  );
  await customer('phone = $2', cast.webPhoneConflict, '+17135550110');
  await edit(`update sales.item set name = $2 where item_no = $1`, cast.itemConflict, 'Mug "Föhr" 0.3 l, white');
  await customer('phone = $2', cast.sameEditOnBothSides, '+351210550199');

  await edit(`delete from sales.item where item_no = $1`, cast.itemDeletedInHq);
  await edit(
    `update sales.customer_address set street = $2 where ${firstAddress}`,
    cast.addressDeletedInHouston,
    'Maria-Theresien-Straße 138, 2. Stock',
  );

  await customer(
    'name = $2',
    cast.nameTooLong,
    'Goethe-Schule Köpenick, Förderverein der Freundinnen und Freunde e. V.',
  );
  await edit(
    insertCustomer,
    'Kaffihús Vesturbæjar',
    'CAFE',
    'pantanir@vesturbaejar.example',
    '+3545550142',
    'IS',
    'ISK',
    'is',
  );
  await customer('credit_limit = $2', cast.creditAboveTillLimit, 75_000);
  await edit('update sales.item set ean = $2 where item_no = $1', cast.barcodeTaken, houstonsOwnBarcode);
  await customer('phone = null', cast.phoneRemoved);
  await edit(
    `insert into sales.customer_group (group_code, name, for_channels) values ('PARTNER', 'Partners, billed by HQ alone', false)`,
  );
  await customer('group_code = $2', cast.groupNotForChannels, 'PARTNER');
  await edit(
    insertCustomer,
    'Discovery Green Conservancy',
    'EVENT',
    enteredThreeTimes,
    '+17135550160',
    'US',
    'USD',
    'en',
  );

  for (const [index, account] of cast.moreCredit.entries()) {
    await customer('credit_limit = credit_limit + $2', account, 250 * (index + 1));
  }
  await edit(`update sales.customer_group set name = 'Caterers, clubs and events' where group_code = 'EVENT'`);
  await edit(
    insertCustomer,
    'Smørrebrød & Søn',
    'REST',
    'ordre@smorrebrod-son.example',
    '+4533550199',
    'DK',
    'DKK',
    'da',
  );
}

async function editHouston(edit: Edit): Promise<void> {
  const customer = (assignment: string, account: string, ...values: (string | number | null)[]): Promise<void> =>
    edit(`update customer set ${assignment} where account_num = $1`, account, ...values);
  const firstAddress = `id = (select min(a.id) from customer_address a join customer c on c.id = a.customer_id where c.account_num = $1)`;
  const insertCustomer = `insert into customer (full_name, segment_id, email_address, tel, country)
    select $1, segment_id, $2, $3, 'United States' from segment where code = $4`;

  await customer('email_address = $2', cast.emailConflict, 'reservation@sohesten.example');
  await customer('full_name = $2, tel = $3', cast.nameAndPhoneConflict, 'Grand Hotel De Gouden Leeuw', '+31433550022');
  await edit(
    `update customer_address set street = $2 where ${firstAddress}`,
    cast.addressConflict,
    'Maria-Theresien-Straße 110',
  );
  await edit(`update product set title = $2 where sku = $1`, `CTS-${cast.itemConflict}`, 'Mug "Föhr" 30 cl, off-white');
  await customer('tel = $2', cast.sameEditOnBothSides, '+351210550199');

  await edit(`delete from customer_address where ${firstAddress}`, cast.addressDeletedInHouston);

  // The same customer, entered at two tills.
  await edit(insertCustomer, 'Discovery Green', enteredThreeTimes, '+17135550161', 'EVENT');
  await edit(insertCustomer, 'Discovery Green (park office)', enteredThreeTimes, '+17135550162', 'EVENT');

  await customer('tel = $2', cast.newPhoneAtTheTill, '+34910550144');
  await edit(insertCustomer, "Aunt Zélie's Gumbo Truck", 'zelie@gumbo-truck.example', '+17135550145', 'REST');
}

async function editOnline(edit: Edit): Promise<void> {
  const customer = (assignment: string, account: string, ...values: string[]): Promise<void> =>
    edit(`update shop.customer set ${assignment} where account_num = $1`, account, ...values);

  await customer('tel = $2', cast.webPhoneConflict, '+17135550120');

  await customer('email_address = $2, newsletter = true', cast.newEmailOnTheWeb, 'theresia@oesterreicher.example');
  await edit(
    `insert into shop.customer (full_name, segment_id, email_address, tel, country, language)
     select 'Wanda Błażejewska', segment_id, 'wanda.b@post.example', '+48225550133', 'Poland', 'pl'
     from shop.segment where code = 'PRIVATE'`,
  );
  await edit(
    `insert into shop.address (customer_id, kind, street, zip, town, country)
     select id, 'home', 'ul. Józefa 12/4', '31-056', 'Kraków', 'Poland'
     from shop.customer where email_address = 'wanda.b@post.example'`,
  );
}

function accountNamed(name: string): string {
  const found = generateDemoRecords().customers.find((customer) => customer.name === name);
  if (found === undefined) throw new Error(`The demo has no customer ${name}.`);
  return found.accountNum;
}
