/** `channelconfiguration`: what Couplet tells a channel of features and settings, in the schema of its operation tables. */
import type { Json } from '../../../domain/record.ts';
import { arrayLiteral } from './array-literal.ts';
import type { Connection } from './connection.ts';
import { quoteIdentifier, quoteTable } from './quote.ts';

export const configurationTable = (schema: string) => ({ schema, name: 'channelconfiguration' });

export const configurationStatements = (schema: string): string[] => [
  `create schema if not exists ${quoteIdentifier(schema)}`,
  `create table if not exists ${quoteTable(configurationTable(schema))} (name text primary key, value jsonb not null, distributedat timestamptz not null default now())`,
];

/** Empty where the channel was never told anything. */
export async function readConfiguration(
  connection: Pick<Connection, 'query'>,
  schema: string,
): Promise<ReadonlyMap<string, Json>> {
  const table = quoteTable(configurationTable(schema));
  if (!(await exists(connection, table))) return new Map();
  const rows = await connection.query(`select name, value::text from ${table}`);
  return new Map(rows.map(([name, value]) => [name ?? '', JSON.parse(value ?? 'null') as Json]));
}

/** Returns how many entries the channel did not have, or had otherwise; each of them gets its time anew all the same. */
export async function writeConfiguration(
  connection: Pick<Connection, 'query' | 'once'>,
  schema: string,
  entries: Readonly<Record<string, Json>>,
): Promise<number> {
  const table = quoteTable(configurationTable(schema));
  if (!(await exists(connection, table)))
    for (const text of configurationStatements(schema)) await connection.once(text);
  const before = await readConfiguration(connection, schema);
  const names = Object.keys(entries);
  const texts = names.map((name) => JSON.stringify(entries[name] ?? null));
  await connection.query(
    `insert into ${table} as c (name, value, distributedat)
     select u.name, u.value::jsonb, now() from unnest($1::text[], $2::text[]) as u (name, value)
     on conflict (name) do update set value = excluded.value, distributedat = excluded.distributedat`,
    [arrayLiteral(names, (name) => name), arrayLiteral(texts, (text) => text)],
  );
  return names.filter((name, at) => !before.has(name) || JSON.stringify(before.get(name)) !== texts[at]).length;
}

const exists = async (connection: Pick<Connection, 'query'>, table: string): Promise<boolean> => {
  const [row] = await connection.query('select pg_catalog.to_regclass($1)::text', [table]);
  return (row?.[0] ?? null) !== null;
};
