/** Customer operations as people look for them, and what they change about one. */
import { type SQL, sql } from 'drizzle-orm';
import { operationTerm, partTerm } from '../../domain/operation-terms.ts';
import type { Params } from '../../domain/record.ts';
import type { CommerceDatabase, OperationCause, OperationChange, OperationFilter } from '../../ports/commerce.ts';
import { OPERATION_COLUMNS, type OperationDbRow, operationOf, searchOf, STEP } from '../commerce/commerce-rows.ts';
import { all, type Condition, isText, oneOf, within } from '../lists/conditions.ts';
import { countRows, readList } from '../lists/list.ts';
import { orderOf, type PlacedRow, type SortColumn } from '../lists/page.ts';
import { plainArray, textArray } from '../session/array-literal.ts';
import type { Clients } from '../session/connect.ts';
import { query } from '../session/connect.ts';
import { isId } from '../session/iso-time.ts';
import { searchFor } from './search-operations.ts';

type Asked = Pick<
  CommerceDatabase,
  | 'operations'
  | 'operationById'
  | 'operationOfRow'
  | 'operationsById'
  | 'countOperations'
  | 'openOperationsOf'
  | 'dismissedOperationsOf'
  | 'changeOperation'
  | 'countByStatus'
  | 'failuresByCode'
>;

const ID: SortColumn = { column: sql`o.id`, type: 'uuid' };
const SORTS: Readonly<Record<string, SortColumn | null>> = {
  receivedAt: null,
  operationTimestamp: { column: sql`o.operation_timestamp`, type: 'timestamptz' },
  channel: { column: sql`o.channel`, type: 'text' },
  // In the order of an operation's way, as the index has it.
  status: { column: sql`o.status`, type: 'couplet.operation_status' },
  customerAccount: { column: sql`o.customer_account`, type: 'text', nullable: true, nullsApart: true },
  asyncCustomerAccount: { column: sql`o.guid`, type: 'uuid', nullable: true, nullsApart: true },
};

const columns = sql.raw(OPERATION_COLUMNS);

export const operationsPart = (clients: Clients): Asked => ({
  operations: async (filter, page) =>
    readList<OperationDbRow & PlacedRow, ReturnType<typeof operationOf>>(clients, {
      columns,
      from: sql`couplet.customer_operation o`,
      alias: 'o',
      branches: [{ driver: null, where: await conditionsFor(clients, filter) }],
      order: orderOf(page.sort, '-operationTimestamp', SORTS, ID),
      page,
      toItems: async (rows) => rows.map(operationOf),
    }),
  operationById: (id) => (isId(id) ? oneOperation(clients, 'o.id = $1::uuid', [id]) : Promise.resolve(null)),
  operationOfRow: (channel, part, counter) =>
    oneOperation(clients, 'o.channel = $1 and o.part = $2 and o.counter = $3::bigint', [channel, part, counter]),
  countOperations: async (filter) =>
    countRows(clients, sql`couplet.customer_operation o`, 'o', [
      { driver: null, where: await conditionsFor(clients, filter) },
    ]),
  operationsById: async (ids) =>
    (
      await query<OperationDbRow>(
        clients.raw,
        `select ${OPERATION_COLUMNS} from couplet.customer_operation o where o.id = any($1::uuid[]) order by o.id`,
        [plainArray(ids.filter(isId))],
      )
    ).map(operationOf),
  async openOperationsOf(channel, guids) {
    const rows = await query<OperationDbRow>(
      clients.raw,
      `select ${OPERATION_COLUMNS} from couplet.customer_operation o
        where o.channel = $1 and o.guid = any($2::uuid[]) and o.status not in ('synchronized', 'dismissed')
        order by o.part <> 'customers', o.part, o.counter`,
      [channel, plainArray(guids)],
    );
    return rows.map(operationOf);
  },
  async dismissedOperationsOf(channel, guid) {
    const rows = await query<OperationDbRow>(
      clients.raw,
      `select ${OPERATION_COLUMNS} from couplet.customer_operation o
        where o.channel = $1 and o.guid = $2::uuid and o.status = 'dismissed'
        order by o.part <> 'customers', o.part, o.counter`,
      [channel, guid],
    );
    return rows.map(operationOf);
  },
  async changeOperation(id, revision, change) {
    const { set, values, also } = statementOf(change);
    const rows = await query(
      clients.raw,
      `with changed as (
         update couplet.customer_operation o set ${set}, revision = o.revision + 1
          where o.id = $1::uuid and o.revision = $2 returning o.id)${also ?? ''}
       select c.id from changed c`,
      [id, revision, ...values],
    );
    return rows.length > 0;
  },
  countByStatus: async () =>
    (
      await query<{ channel: string; status: never; count: number }>(
        clients.raw,
        'select channel, status::text, count(*)::int as count from couplet.customer_operation group by 1, 2 order by 1, 2',
        [],
      )
    ).map((row) => ({ ...row })),
  failuresByCode: () => failuresByCode(clients),
});

async function oneOperation(clients: Clients, where: string, values: readonly string[]) {
  const [row] = await query<OperationDbRow>(
    clients.raw,
    `select ${OPERATION_COLUMNS} from couplet.customer_operation o where ${where}`,
    [...values],
  );
  return row === undefined ? null : operationOf(row);
}

const failuresByCode = async (clients: Clients): ReturnType<CommerceDatabase['failuresByCode']> =>
  (
    await query<{ code: string; params: string | null; count: number; sample_id: string }>(
      clients.raw,
      `select code, count(*)::int as count, min(id::text) as sample_id,
                case when min(params::text) = max(params::text) then min(params::text) end as params
           from couplet.customer_operation
          where status = 'failed' and code is not null group by code order by 2 desc, 1`,
      [],
    )
  ).map(({ code, params, count, sample_id }) => ({
    code,
    params: params === null ? null : (JSON.parse(params) as Params),
    count,
    sampleId: sample_id,
  }));

// ---------------------------------------------------------------- filters

const conditionsOf = (filter: OperationFilter): Condition[] => [
  oneOf(sql`o.id`, filter.ids, 'uuid'),
  oneInOrder(sql`o.channel`, filter.channel, 'text'),
  oneInOrder(sql`o.status`, filter.status, 'couplet.operation_status'),
  oneOf(sql`o.name`, filter.operation, 'text'),
  oneOf(sql`o.code`, filter.code, 'text'),
  filter.causes === null ? null : either(filter.causes.map(ofCause)),
  filter.account === null
    ? null
    : sql`o.guid in (select x.guid from couplet.customer_operation x where ${oneOf(sql`x.customer_account`, filter.account, 'text')})`,
  oneOf(sql`o.guid`, filter.guid, 'uuid'),
  oneOf(sql`o.coupling_id`, filter.couplingId, 'uuid'),
  ...within(sql`o.operation_timestamp`, filter.since, filter.until),
];

/** Equal to a single value the index gives its rows in the order of time; of any of several they would have to be sorted. */
function oneInOrder(column: SQL, values: readonly string[] | null, type: string): Condition {
  const [value, ...others] = values ?? [];
  return value !== undefined && others.length === 0 && isText(value)
    ? sql`${column} = ${value}::text::${sql.raw(type)}`
    : oneOf(column, values, type);
}

const termsAsked = (filter: OperationFilter): Condition[] => [
  ...Object.entries(filter.customerFields).map(([name, values]) =>
    either(values.map((value) => hasTerm(name, value, operationTerm))),
  ),
  ...Object.entries(filter.partFields).map(([name, values]) =>
    either(values.map((value) => hasTerm(name, value, partTerm))),
  ),
];

const FEW = 1_000;

/**
 * What is sought by a field or a text is usually little, and the planner cannot know it: it reads by time, in the hope of
 * meeting the first page soon (190 ms for four of 100,000). So what has them is looked up first, by an index of its own,
 * and unless it is much, it is all that is read.
 */
async function conditionsFor(clients: Clients, filter: OperationFilter): Promise<SQL> {
  const terms = termsAsked(filter);
  const search = filter.q === null ? null : searchFor(filter.q);
  const [withTerms, withText] = await Promise.all([
    terms.length === 0
      ? null
      : fewOf(clients, sql`select o.id::text from couplet.customer_operation o where ${all(terms)} limit ${FEW + 1}`),
    search === null ? null : fewOf(clients, search.ids(FEW + 1)),
  ]);
  return all([
    ...conditionsOf(filter),
    ...(withTerms === null ? terms : [oneOf(sql`o.id`, withTerms, 'uuid')]),
    withText === null ? (search?.has ?? null) : oneOf(sql`o.id`, withText, 'uuid'),
  ]);
}

/** Null: they are many. */
async function fewOf(clients: Clients, ids: SQL): Promise<readonly string[] | null> {
  const found = await clients.read<{ id: string }>(ids);
  return found.length > FEW ? null : found.map(({ id }) => id);
}

const either = (conditions: readonly SQL[]): SQL =>
  conditions.length === 0 ? sql`false` : sql`(${sql.join([...conditions], sql` or `)})`;

function hasTerm(name: string, asked: string, termOf: (field: string, value: string) => string): SQL {
  if (!isText(asked)) return sql`false`;
  const prefix = asked.endsWith('*');
  const term = termOf(name, prefix ? asked.slice(0, -1) : asked);
  const quoted = `'${term.replaceAll('\\', '\\\\').replaceAll("'", "''")}'${prefix ? ':*' : ''}`;
  return sql`array_to_tsvector(o.terms) @@ ${quoted}::text::tsquery`;
}

/** As `causeOfError` words it: of several names of a parameter, the first that is there. */
const ofCause = ({ part, code, parts }: OperationCause): SQL => sql`(o.part = ${part} and o.code = ${code}
  and array_remove(array[coalesce(o.params ->> 'field', o.params ->> 'column'), o.params ->> 'constraint',
        o.params ->> 'parent', o.params ->> 'parentKey'], null) = ${textArray(parts)}::text::text[])`;

// ---------------------------------------------------------------- what people change

const step = (status: string): string =>
  `history = (o.history::jsonb || jsonb_build_array(${STEP(status, 'null', 'null')}))::json`;

/** What the operation is once the lease ends: the last step says. */
const BEFORE = `coalesce(o.history -> -1 ->> 'status', 'received')::couplet.operation_status`;
const STANDING = `(case when o.status = 'editing' then ${BEFORE} else o.status end)`;
const NO_LEASE = 'editing_by = null, editing_until = null';

const SEARCHED = `, searched as (
  update couplet.operation_search s set text = $6, grams = $7::text::int[]
    from changed c where s.operation_id = c.id and s.line = 'values')`;

function statementOf(change: OperationChange): { set: string; values: string[]; also?: string } {
  switch (change.kind) {
    case 'save': {
      const { text, grams } = searchOf(change.terms);
      return {
        set: `corrections = $3::text::json, edits = (o.edits::jsonb || $4::text::jsonb)::json, attempts = 0, ${NO_LEASE},
              status = ${STANDING}, terms = $5::text::text[],
              code = case when ${STANDING} = 'failed' then coalesce(nullif($8::text, ''), o.code) else o.code end,
              params = case when ${STANDING} = 'failed' then coalesce(nullif($9::text, '')::json, o.params) else o.params end`,
        values: [
          JSON.stringify(change.corrections),
          JSON.stringify(change.edits),
          textArray(change.terms),
          text,
          grams,
          change.left?.code ?? '',
          change.left === null ? '' : JSON.stringify(change.left.params),
        ],
        also: SEARCHED,
      };
    }
    case 'edit':
      return {
        set: `status = 'editing', editing_by = $3, editing_until = $4::text::timestamptz`,
        values: [change.by, change.until],
      };
    case 'release':
      return { set: `status = ${BEFORE}, ${NO_LEASE}`, values: [] };
    case 'dismiss':
      return {
        set: `status = 'dismissed', dismissal = $3::text::json, blocked_by = null, ${NO_LEASE}, ${step("'dismissed'")}`,
        values: [JSON.stringify({ at: change.at, actor: change.actor, reason: change.reason })],
      };
    case 'reopen':
      return {
        set: `status = (case when o.code is null then 'received' else 'failed' end)::couplet.operation_status,
              dismissal = null, resolution = null, error_id = null, attempts = 0, ${step("case when o.code is null then 'received' else 'failed' end")}`,
        values: [],
      };
  }
}
