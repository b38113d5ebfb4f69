/** An app on PostgreSQL as the contract suite wants one: tables, statements, transactions, and accidents. */
import postgres from 'postgres';
import { quoteIdentifier, quoteLiteral } from '../../../src/stores/postgres/session/quote.ts';
import type {
  ContractApp,
  ContractColumn,
  ContractStatements,
  ContractTable,
  ContractTransaction,
  ContractTrigger,
  Row,
} from '../contract-fixture.ts';

const SCHEMA = 'public';
const relation = (table: string): string => `${quoteIdentifier(SCHEMA)}.${quoteIdentifier(table)}`;
const literal = (value: string | null): string => (value === null ? 'null' : quoteLiteral(value));

function whereText(where: Row): string {
  const conditions = Object.entries(where).map(([column, value]) =>
    value === null ? `${quoteIdentifier(column)} is null` : `${quoteIdentifier(column)} = ${quoteLiteral(value)}`,
  );
  return conditions.length === 0 ? 'true' : conditions.join(' and ');
}

type Run = (text: string) => Promise<readonly postgres.Row[]>;

const statementsOf = (run: Run): ContractStatements => ({
  insert: async (table, rows) => {
    if (rows.length === 0) return;
    const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
    const values = rows.map(
      (row) => `(${columns.map((column) => (column in row ? literal(row[column] ?? null) : 'default')).join(', ')})`,
    );
    await run(
      `insert into ${relation(table)} (${columns.map(quoteIdentifier).join(', ')}) values ${values.join(', ')}`,
    );
  },
  update: async (table, where, set) => {
    const assigned = Object.entries(set).map(([column, value]) => `${quoteIdentifier(column)} = ${literal(value)}`);
    await run(`update ${relation(table)} set ${assigned.join(', ')} where ${whereText(where)}`);
  },
  delete: async (table, where) => {
    await run(`delete from ${relation(table)} where ${whereText(where)}`);
  },
});

function columnText(name: string, column: ContractColumn): string {
  const types = {
    text: 'text',
    integer: 'integer',
    numeric: 'numeric',
    boolean: 'boolean',
    timestamptz: 'timestamptz',
  };
  let type: string = types[column.type];
  if (column.maxLength !== undefined) type = `varchar(${column.maxLength})`;
  if (column.scale !== undefined) type = `numeric(12, ${column.scale})`;
  const parts = [quoteIdentifier(name), type];
  if (column.required) parts.push('not null');
  if (column.identity) parts.push(`generated ${column.identity === 'always' ? 'always' : 'by default'} as identity`);
  if (column.default !== undefined) parts.push(`default ${quoteLiteral(column.default)}`);
  if (column.upperCaseOf !== undefined)
    parts.push(`generated always as (upper(${quoteIdentifier(column.upperCaseOf)})) stored`);
  return parts.join(' ');
}

const ON_DELETE = { cascade: 'cascade', setNull: 'set null', noAction: 'no action' };

function tableText(table: ContractTable): string {
  const list = (columns: readonly string[]): string => columns.map(quoteIdentifier).join(', ');
  const parts = [
    ...Object.entries(table.columns).map(([name, column]) => columnText(name, column)),
    `primary key (${list(table.primaryKey)})`,
    ...(table.unique ?? []).map((columns) => `unique (${list(columns)})`),
    ...(table.references ?? []).map(
      ({ columns, parent, parentColumns, onDelete, deferrable }) =>
        `foreign key (${list(columns)}) references ${relation(parent)} (${list(parentColumns)}) on delete ${ON_DELETE[onDelete]}${deferrable ? ' deferrable initially immediate' : ''}`,
    ),
    ...Object.entries(table.minimums ?? {}).map(
      ([column, minimum]) => `check (${quoteIdentifier(column)} >= ${minimum})`,
    ),
  ];
  return `create table ${relation(table.name)} (${parts.join(', ')})`;
}

function triggerText(table: string, trigger: ContractTrigger, index: number): string {
  const name = `app_trigger_${index}`;
  const column = quoteIdentifier(trigger.column);
  const events =
    trigger.does === 'swallow' ? trigger.operation : trigger.does === 'number' ? 'insert' : 'insert or update';
  const row = events === 'delete' ? 'old' : 'new';
  const body = {
    upperCase: () => `new.${column} := upper(new.${column}); return new;`,
    swallow: () =>
      `if ${row}.${column} = ${literal('equals' in trigger ? trigger.equals : '')} then return null; end if; return ${row};`,
    number: () => `new.${column} := nextval('public.${name}_numbers'); return new;`,
  }[trigger.does]();
  return `${trigger.does === 'number' ? `create sequence public.${name}_numbers start 1000;` : ''}
    create function public.${name}() returns trigger language plpgsql as $app$ begin ${body} end $app$;
    create trigger ${name} before ${events} on ${relation(table)} for each row execute function public.${name}()`;
}

/** What it takes to back a store up, only the contract's fixture has. */
export interface PostgresApp extends Omit<ContractApp, 'backUp'> {
  readonly sql: postgres.Sql;
}

export function openPostgresApp(url: string): PostgresApp {
  const sql = postgres(url, { max: 6, onnotice: () => undefined });
  const run: Run = async (text) => [...(await sql.unsafe(text))];
  const tables = new Map<string, ContractTable>();
  const rows = async (table: string): Promise<readonly Row[]> => {
    const columns = await run(
      `select attname from pg_attribute where attrelid = ${quoteLiteral(relation(table))}::regclass and attnum > 0 and not attisdropped order by attnum`,
    );
    const texts = columns.map((column) => `${quoteIdentifier(String(column['attname']))}::text`);
    return await run(`select ${texts.join(', ')} from ${relation(table)}`);
  };
  const createTable = async (table: ContractTable): Promise<void> => {
    await run(tableText(table));
    for (const [index, trigger] of (table.triggers ?? []).entries()) await run(triggerText(table.name, trigger, index));
    tables.set(table.name, table);
  };
  const statements = statementsOf(run);
  /** An app that brings keys along for a column that numbers itself sees to it that the numbers go on behind them. */
  const insert: ContractStatements['insert'] = async (table, added) => {
    await statements.insert(table, added);
    const numbered = Object.entries(tables.get(table)?.columns ?? {}).filter(
      ([name, { identity }]) => identity && added.some((row) => name in row),
    );
    for (const [name] of numbered) {
      const sequence = `pg_get_serial_sequence(${quoteLiteral(relation(table))}, ${quoteLiteral(name)})`;
      await run(`select setval(${sequence}, (select max(${quoteIdentifier(name)}) from ${relation(table)}))`);
    }
  };
  return {
    sql,
    ...statements,
    insert,
    createTable,
    nameOf: (table) => ({ schema: SCHEMA, name: table }),
    rows,
    filter: (column, value) => `${quoteIdentifier(column)} = ${quoteLiteral(value)}`,
    brokenFilter: 'no such (predicate',
    begin: () => beginTransaction(sql),
    truncate: async (table) => void (await run(`truncate ${relation(table)}`)),
    addColumn: async (table, column) =>
      void (await run(`alter table ${relation(table)} add column ${quoteIdentifier(column)} text`)),
    replaceTable: async (table) => {
      const definition = tables.get(table);
      if (!definition) throw new Error(`No table ${table}`);
      const kept = await rows(table);
      await run(`drop table ${relation(table)}`);
      await createTable(definition);
      const own = kept.map((row) =>
        Object.fromEntries(Object.entries(row).filter(([name]) => definition.columns[name]?.upperCaseOf === undefined)),
      );
      await insert(table, own);
    },
    silenceCapture: async (table) => void (await run(`alter table ${relation(table)} disable trigger user`)),
  };
}

async function beginTransaction(sql: postgres.Sql): Promise<ContractTransaction> {
  const session = await sql.reserve();
  const run: Run = async (text) => [...(await session.unsafe(text))];
  await run('begin');
  const end = async (how: string): Promise<void> => {
    try {
      await run(how);
    } finally {
      session.release();
    }
  };
  return {
    ...statementsOf(run),
    savepoint: async () => void (await run('savepoint here')),
    rollbackToSavepoint: async () => void (await run('rollback to savepoint here')),
    commit: () => end('commit'),
    rollback: () => end('rollback'),
  };
}
