/**
 * Takes every trace of the capture out of the store. Triggers of tables that Couplet's account owns go one by one;
 * where it does not, dropping the function takes them along, and with it the lock on every partition at once.
 *
 * The tables are dropped by name and the schema only if that left it empty: the coupling database may share the
 * database with a store, and keeps its tables in a schema of the same name.
 */
import type { Connection, DedicatedSession } from '../session/connection.ts';
import { quoteIdentifier, quoteTable } from '../session/quote.ts';
import { CAPTURE_SCHEMA, INSTALL_LOCK, LOCK_CLASS } from './capture-sql.ts';
import { carryOut, DEFAULT_PATIENCE } from './install.ts';
import type { LockPatience } from './install.ts';

const OWNED_TRIGGERS = `
select n.nspname, c.relname, pg_catalog.json_agg(t.tgname)::text
from pg_catalog.pg_trigger t
join pg_catalog.pg_proc f on f.oid = t.tgfoid
join pg_catalog.pg_class c on c.oid = t.tgrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where f.pronamespace = (select oid from pg_catalog.pg_namespace where nspname = 'couplet')
  and f.proname ~ '^capture_[0-9]+$' and pg_catalog.pg_has_role(c.relowner, 'usage')
group by n.nspname, c.relname`;

const FUNCTIONS = `
select f.proname from pg_catalog.pg_proc f
where f.pronamespace = (select oid from pg_catalog.pg_namespace where nspname = 'couplet') and f.proname ~ '^capture_[0-9]+$'`;

const OTHERS_IN_SCHEMA = `
select exists (
  select from pg_catalog.pg_depend d join pg_catalog.pg_namespace n on n.oid = d.refobjid
  where d.refclassid = 'pg_catalog.pg_namespace'::regclass and n.nspname = 'couplet')`;

const TABLES = ['batch', 'fence', 'anchor', 'reader', 'change', 'installed'];

export async function uninstall(connection: Connection, patience: LockPatience = DEFAULT_PATIENCE): Promise<void> {
  const [present] = await connection.query(`select 1 from pg_catalog.pg_namespace where nspname = '${CAPTURE_SCHEMA}'`);
  if (!present) return;
  const session = await connection.openSession();
  try {
    await session.once(`select pg_catalog.pg_advisory_lock(${LOCK_CLASS}, ${INSTALL_LOCK})`);
    await takeOut(session, patience);
  } finally {
    await session.close();
  }
}

async function takeOut(session: DedicatedSession, patience: LockPatience): Promise<void> {
  const step = (...statements: string[]): Promise<void> => carryOut(session, { statements }, patience);
  for (const [schema, name, triggers] of await session.once(OWNED_TRIGGERS)) {
    const relation = quoteTable({ schema: schema ?? '', name: name ?? '' });
    const names = JSON.parse(triggers ?? '[]') as string[];
    await step(...names.map((trigger) => `drop trigger if exists ${quoteIdentifier(trigger)} on ${relation}`));
  }
  for (const [name] of await session.once(FUNCTIONS)) {
    await step(`drop function if exists ${CAPTURE_SCHEMA}.${quoteIdentifier(name ?? '')}() cascade`);
  }
  await step(
    `drop view if exists ${CAPTURE_SCHEMA}.state`,
    ...TABLES.map((table) => `drop table if exists ${CAPTURE_SCHEMA}.${table}`),
  );
  const [others] = await session.once(OTHERS_IN_SCHEMA);
  if (others?.[0] === 'f') await step(`drop schema if exists ${CAPTURE_SCHEMA}`);
  else await step(`comment on schema ${CAPTURE_SCHEMA} is null`);
}
