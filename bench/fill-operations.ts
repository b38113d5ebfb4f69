/** Customer operations as they lie in the coupling database after some months: most in step, a few that need somebody. */
import type postgres from 'postgres';
import type { OpenedCouplingDatabase } from '../src/database/open-coupling-database.ts';
import { customerTerms } from '../src/domain/operation-terms.ts';
import type { ReceivedRow } from '../src/ports/commerce.ts';
import { LISTED_LANE } from './fill-lists.ts';

const BATCH = 1_000;
const OF_ONE_CUSTOMER = 2;
const CITIES = ['Houston', 'Paris', 'Göteborg', 'Amsterdam', 'Lyon'];
export const LISTED_CHANNELS = [LISTED_LANE.channel, 'online'] as const;

export const mailOf = (customer: number): string => `customer-${customer}@example.com`;
const guidOf = (customer: number): string => `00000000-0000-4000-8000-${customer.toString(16).padStart(12, '0')}`;

/** Half of them create a customer, the other half edit it. */
export async function fillOperations(
  database: OpenedCouplingDatabase,
  sql: postgres.Sql,
  operations: number,
): Promise<void> {
  await database.ensureLanes(LISTED_CHANNELS.map((channel) => ({ ...LISTED_LANE, channel })));
  const from = Date.now() - 90 * 24 * 3_600_000;
  for (let at = 0; at < operations; at += BATCH * LISTED_CHANNELS.length) {
    for (const [n, channel] of LISTED_CHANNELS.entries()) {
      const rows = Array.from({ length: Math.min(BATCH, operations - at - n * BATCH) }, (_, row) =>
        operation(at + n * BATCH + row, from + ((at + row) * 90 * 24 * 3_600_000) / operations),
      );
      if (rows.length > 0) await database.commerce.takeIn({ ...LISTED_LANE, channel }, 'customers', rows, [], null);
    }
  }
  await sql.unsafe(`
    update couplet.customer_operation
       set status = (case when counter % 50 = 0 then 'failed' when counter % 199 = 0 then 'conflict' else 'synchronized' end)::couplet.operation_status,
           code = case when counter % 50 = 0 then 'value-invalid' when counter % 199 = 0 then 'update-conflict' end,
           params = case when counter % 50 = 0 or counter % 199 = 0 then '{"field":"email"}' else '{}' end::json,
           attempts = 1, revision = 2, customer_account = case when counter % 50 > 0 then 'C' || lpad((counter / 2)::text, 7, '0') end,
           history = (history::jsonb || jsonb_build_array(jsonb_build_object('at', to_char(now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
             'status', 'synchronized', 'code', null, 'jobId', null, 'session', null)))::json
     where counter % 1000 > 0`);
  await sql.unsafe('vacuum analyze couplet.customer_operation').catch(() => {});
  await sql.unsafe('vacuum analyze couplet.operation_search').catch(() => {});
}

function operation(n: number, at: number): ReceivedRow {
  const customer = Math.floor(n / OF_ONE_CUSTOMER);
  const edits = n % OF_ONE_CUSTOMER > 0;
  const whole = {
    name: `Customer ${customer} of Adatum Corporation`,
    email: mailOf(customer),
    phone: `+1 425 ${String(customer).padStart(7, '0')}`,
    city: CITIES[customer % CITIES.length] ?? '',
  };
  const found = edits ? whole : null;
  const values = edits ? { phone: `+1 206 ${String(customer).padStart(7, '0')}` } : whole;
  return {
    counter: String(n + 1),
    guid: guidOf(customer),
    name: edits ? 'updateCustomer' : 'createCustomer',
    createdAt: new Date(at).toISOString(),
    createdBy: `till ${n % 7}`,
    partKey: null,
    row: {
      replicationcounter: String(n + 1),
      custaccountasync: guidOf(customer),
      operation: edits ? '2' : '1',
      createddatetime: new Date(at).toISOString(),
      ...values,
    },
    values,
    snapshot: false,
    malformed: null,
    completed: false,
    account: null,
    found,
    base: null,
    terms: customerTerms(found, values),
  };
}
