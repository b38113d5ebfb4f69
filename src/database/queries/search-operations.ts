/** Operations that a text is in: in a value of theirs, in the account of their customer, or at the beginning of its GUID. */
import { type SQL, sql } from 'drizzle-orm';
import { gramsOf } from '../../domain/text-grams.ts';
import { isText } from '../lists/conditions.ts';
import { plainArray } from '../session/array-literal.ts';

export interface TextSearch {
  /** A query for the ids of all that have the text, some of them more than once; no more than so many. */
  readonly ids: (limit: number) => SQL;
  /** Of one operation `o`: whether it has. */
  readonly has: SQL;
}

export function searchFor(q: string): TextSearch | null {
  if (q === '') return null;
  if (!isText(q)) return { ids: () => sql`select null as id where false`, has: sql`false` };
  const text = q.toLowerCase();
  const like = sql`s.text collate "C" like ${`%${text.replace(/[\\%_]/g, '\\$&')}%`}`;
  const guid = guidCondition(text);
  return {
    ids: (limit) => sql`
      with found as materialized (
        select s.operation_id, s.line from couplet.operation_search s
         where s.grams @> ${plainArray(gramsOf(text))}::text::int[] and ${like} limit ${limit})
      select x.id::text from (
        select f.operation_id as id from found f where f.line = 'values'
        union all
        select o.id from couplet.customer_operation o where o.guid in (
          select x.guid from found f join couplet.customer_operation x on x.id = f.operation_id where f.line = 'account')
        union all
        select o.id from couplet.customer_operation o where ${guid}) x limit ${limit}`,
    // `offset 0`: asked of one operation after the other, whatever the planner thinks; reading the whole search instead
    // takes longer than to meet a page of what many have.
    has: sql`(exists (select from couplet.operation_search s where s.operation_id = o.id and s.line = 'values' and ${like} offset 0)
      or exists (select from couplet.customer_operation x join couplet.operation_search s on s.operation_id = x.id
           where x.guid = o.guid and s.line = 'account' and ${like} offset 0)
      or ${guid})`,
  };
}

const LOWEST = '00000000-0000-0000-0000-000000000000';
const HIGHEST = 'ffffffff-ffff-ffff-ffff-ffffffffffff';
/** From eight digits on, as people copy it. */
const BEGINNING = /^[0-9a-f]{8}(-[0-9a-f-]*)?$/;
const WHOLE = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function guidCondition(text: string): SQL {
  const [from, until] = [LOWEST, HIGHEST].map((end) => text + end.slice(text.length));
  return BEGINNING.test(text) && WHOLE.test(from ?? '')
    ? sql`o.guid between ${from}::text::uuid and ${until}::text::uuid`
    : sql`false`;
}
