/**
 * What is to be done so that the capture stands, as data: the same steps are carried out by `install` and printed by
 * `installScript`. Each step is one transaction that locks one table of the app at most.
 */
import type { SetupProblem, TableName, WatchedTable } from '../../../ports/store.ts';
import type { Connection, Session } from '../session/connection.ts';
import { quoteLiteral, quoteTable } from '../session/quote.ts';
import { displayTable } from '../table/check-filter.ts';
import { inspectTables } from '../table/describe-tables.ts';
import type { DescribedTable, TableMember } from '../table/describe-tables.ts';
import { captureFunctionName, captureFunctionSql, captureTriggerSql } from './capture-function.ts';
import { CAPTURE_SCHEMA, CAPTURE_STATEMENTS, CAPTURE_VERSION, stampSql } from './capture-sql.ts';
import type { WatchState } from './watched-tables.ts';

export interface InstallStep {
  readonly statements: readonly string[];
}

export interface TablePlan {
  readonly watched: WatchedTable;
  readonly steps: readonly InstallStep[];
}

export interface InstallPlan {
  readonly schema: InstallStep | null;
  readonly tables: readonly TablePlan[];
  readonly problems: readonly SetupProblem[];
  /** The account that will read the marks. */
  readonly account: string;
}

type Catalog = Pick<Connection | Session, 'query' | 'once'>;

export async function planInstall(catalog: Catalog, states: readonly WatchState[]): Promise<InstallPlan> {
  const schema = await inspectSchema(catalog);
  const pending = states.filter((state) => !state.ready);
  const described = await inspectTables(
    catalog,
    pending.map(({ watched }) => watched.table),
  );
  const problems: SetupProblem[] = [];
  const tables: TablePlan[] = [];
  let nextId = schema.nextTableId;
  // A table may be watched under two names, one with its schema and one without.
  const merged = new Map<
    string,
    { state: WatchState; table: DescribedTable; keys: readonly (readonly string[])[]; tableId: number }
  >();
  for (const [index, state] of pending.entries()) {
    const table = described[index] ?? null;
    const refused = refusalsOf(state.watched, table);
    problems.push(...refused);
    if (refused.length > 0 || table === null) continue;
    const before = merged.get(table.oid);
    const keys = unionOfKeys(before?.keys ?? state.installed?.keys ?? [], state.watched.keys);
    const tableId = before?.tableId ?? state.installed?.tableId ?? nextId++;
    merged.set(table.oid, { state: before?.state ?? state, table, keys, tableId });
  }
  for (const { state, table, keys, tableId } of merged.values()) {
    const planned = await planTable(catalog, schema.version !== null, table, keys, tableId);
    problems.push(...planned.problems.map((problem) => ({ ...problem, table: state.watched.table })));
    if (planned.problems.length === 0) tables.push({ watched: state.watched, steps: planned.steps });
  }
  if (tables.length > 0) problems.push(...schema.problems);
  const step = schema.version === CAPTURE_VERSION ? null : { statements: schemaStatements(schema.version === null) };
  return { schema: step, tables, problems, account: schema.account };
}

const schemaStatements = (isNew: boolean): readonly string[] => [
  ...(isNew ? [`create schema ${CAPTURE_SCHEMA}`] : []),
  ...CAPTURE_STATEMENTS,
];

interface SchemaState {
  /** Null while there is no schema; empty when it was made by somebody else. */
  readonly version: string | null;
  readonly nextTableId: number;
  readonly account: string;
  readonly problems: readonly SetupProblem[];
}

const SCHEMA_STATE = `
select pg_catalog.current_database(), current_user, n.oid is not null, coalesce(pg_catalog.obj_description(n.oid, 'pg_namespace'), ''),
  pg_catalog.has_database_privilege(pg_catalog.current_database(), 'create'), pg_catalog.has_schema_privilege(n.oid, 'create'),
  pg_catalog.to_regclass('couplet.installed') is not null
from (select) one left join pg_catalog.pg_namespace n on n.nspname = 'couplet'`;

async function inspectSchema(catalog: Catalog): Promise<SchemaState> {
  const [row = []] = await catalog.query(SCHEMA_STATE);
  const [database, account, exists, comment, mayCreateSchema, mayCreateIn, hasTables] = row;
  const [next] =
    hasTables === 't' ? await catalog.once('select coalesce(max(table_id), 0) + 1 from couplet.installed') : [['1']];
  const problems: SetupProblem[] = [];
  if (exists !== 't' && mayCreateSchema !== 't')
    problems.push(rightMissing('create schemas in', 'CREATE', `the database ${database}`));
  if (exists === 't' && mayCreateIn !== 't')
    problems.push(rightMissing('create objects in', 'CREATE', 'the schema couplet'));
  return {
    version: exists === 't' ? (comment ?? '') : null,
    nextTableId: Number(next?.[0] ?? 1),
    account: account ?? '',
    problems,
  };
}

const rightMissing = (
  right: string,
  privilege: string,
  object: string,
  table: TableName | null = null,
): SetupProblem => ({
  code: 'right-missing',
  params: { right, privilege, table: object },
  table,
});

/** Why no capture can be put on a table, whoever asks for it. */
function refusalsOf({ table, keys }: WatchedTable, found: DescribedTable | null): readonly SetupProblem[] {
  const name = displayTable(table);
  if (found === null) return [{ code: 'table-not-found', params: { table: name }, table }];
  const impossible = (member: string, kind: string): SetupProblem => ({
    code: 'capture-not-possible',
    params: { table: member, kind },
    table,
  });
  const other = found.members.filter(({ kind }) => kind !== 'table' && kind !== 'partitioned');
  if (other.length > 0) return other.map((member) => impossible(displayTable(member), member.kind));
  // A statement on the parent changes the rows here without firing a trigger here.
  if (found.isChild) return [impossible(name, 'child')];
  const replicated = found.members.filter(({ subscribed }) => subscribed);
  if (replicated.length > 0) return replicated.map((member) => impossible(displayTable(member), 'replicated'));
  return keys.flatMap((key) => keyProblems(table, key, found));
}

function keyProblems(
  table: TableName,
  key: readonly string[],
  { description }: DescribedTable,
): readonly SetupProblem[] {
  const nullable = new Map(description.columns.map((column) => [column.name, column.nullable]));
  const absent = key.filter((column) => !nullable.has(column));
  if (absent.length > 0) {
    return absent.map((column) => ({
      code: 'column-not-found',
      params: { table: displayTable(table), column },
      table,
    }));
  }
  const unique =
    key.every((column) => nullable.get(column) === false) &&
    description.uniqueKeys.some((columns) => columns.every((column) => key.includes(column)));
  return unique ? [] : [{ code: 'key-not-unique', params: { table: displayTable(table), key: [...key] }, table }];
}

function unionOfKeys(
  known: readonly (readonly string[])[],
  wanted: readonly (readonly string[])[],
): readonly (readonly string[])[] {
  const keys = new Map([...known, ...wanted].map((key) => [JSON.stringify(key), key]));
  return [...keys.values()];
}

interface FoundTrigger {
  readonly schema: string;
  readonly table: string;
  readonly trigger: string;
  readonly fires: boolean;
  readonly owned: boolean;
}

const FOUND_TRIGGERS = `
select n.nspname, c.relname, t.tgname, t.tgenabled in ('O', 'A'), pg_catalog.pg_has_role(c.relowner, 'usage')
from pg_catalog.pg_trigger t
join pg_catalog.pg_proc f on f.oid = t.tgfoid
join pg_catalog.pg_class c on c.oid = t.tgrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where f.proname = $1 and f.pronamespace = (select oid from pg_catalog.pg_namespace where nspname = 'couplet')`;

const FUNCTION_OWNED = `
select pg_catalog.pg_has_role(f.proowner, 'usage') from pg_catalog.pg_proc f
where f.proname = $1 and f.pronamespace = (select oid from pg_catalog.pg_namespace where nspname = 'couplet')`;

async function planTable(
  catalog: Catalog,
  hasSchema: boolean,
  table: DescribedTable,
  keys: readonly (readonly string[])[],
  tableId: number,
): Promise<{ readonly steps: readonly InstallStep[]; readonly problems: readonly SetupProblem[] }> {
  const name = captureFunctionName(tableId);
  const found = hasSchema ? await foundTriggers(catalog, name) : [];
  const [owned] = hasSchema ? await catalog.query(FUNCTION_OWNED, [name]) : [];
  const problems = owned?.[0] === 'f' ? [rightMissing('replace', 'ownership', `the function couplet.${name}`)] : [];
  const { schema, name: tableName } = table.description.table;
  const keysText = JSON.stringify(keys);
  const [stamp] = await catalog.query(`select ${stampSql('$1::jsonb', '$2::pg_catalog.oid')}`, [keysText, table.oid]);
  // A trigger that named a virtual column would make every delete of the app fail.
  const kept = table.columns.filter(({ isVirtual }) => !isVirtual);
  const columns = kept.map((column) => ({ name: column.name, type: column.type }));
  const known: InstallStep = {
    statements: [
      `insert into couplet.installed (table_id, schema_name, table_name, keys)
values (${tableId}, ${quoteLiteral(schema ?? '')}, ${quoteLiteral(tableName)}, ${quoteLiteral(keysText)}::jsonb)
on conflict (schema_name, table_name) do update set keys = excluded.keys`,
      captureFunctionSql({ tableId, keys, columns, stamp: stamp?.[0] ?? '' }),
      // Anybody's table could otherwise be given a trigger that writes marks for this one.
      `revoke all on function couplet.${name}() from public`,
    ],
  };
  const perMember = table.members.map((member) => planTriggers(member, tableId, found));
  problems.push(...perMember.flatMap((member) => member.problems));
  const left = found.filter((trigger) => trigger.owned && !table.members.some((member) => isOn(trigger, member)));
  const accept: InstallStep = { statements: [acceptStatement(`= ${tableId}`, 'i.description is null')] };
  const steps = [
    known,
    ...perMember.map(({ statements }) => ({ statements })),
    // Tables that were detached or renamed since would go on marking for this one.
    ...left.map((trigger) => ({ statements: [dropTrigger(trigger)] })),
    accept,
  ];
  return { steps: steps.filter(({ statements }) => statements.length > 0), problems };
}

async function foundTriggers(catalog: Catalog, functionName: string): Promise<readonly FoundTrigger[]> {
  const rows = await catalog.query(FOUND_TRIGGERS, [functionName]);
  return rows.map(([schema, table, trigger, fires, owned]) => ({
    schema: schema ?? '',
    table: table ?? '',
    trigger: trigger ?? '',
    fires: fires === 't',
    owned: owned === 't',
  }));
}

const isOn = (trigger: FoundTrigger, { schema, name }: TableMember): boolean =>
  trigger.schema === schema && trigger.table === name;

const dropTrigger = ({ schema, table, trigger }: FoundTrigger): string =>
  `drop trigger if exists ${trigger} on ${quoteTable({ schema, name: table })}`;

function planTriggers(
  member: TableMember,
  tableId: number,
  found: readonly FoundTrigger[],
): { readonly statements: readonly string[]; readonly problems: readonly SetupProblem[] } {
  const here = found.filter((trigger) => isOn(trigger, member));
  const statements: string[] = [];
  const problems: SetupProblem[] = [];
  for (const { name, sql } of captureTriggerSql(tableId, member)) {
    const stands = here.find(({ trigger }) => trigger === name);
    if (stands?.fires) continue;
    if (!stands) statements.push(sql);
    else if (member.owned) statements.push(`alter table ${quoteTable(member)} enable trigger ${name}`);
    else problems.push(rightMissing('enable triggers on', 'ownership', displayTable(member)));
  }
  if (statements.length > 0 && !member.mayCreateTriggers)
    problems.push(rightMissing('create triggers on', 'TRIGGER', displayTable(member)));
  return { statements, problems: problems.slice(0, 1) };
}

/** Takes the tables for what they are now, but never one whose changes would not be marked. */
export const acceptStatement = (tableIds: string, condition: string): string => `update couplet.installed i
set relation = s.relation, identity = s.identity, description = s.description
from couplet.state s
where s.table_id = i.table_id and s.guarded and i.table_id ${tableIds} and ${condition}`;
