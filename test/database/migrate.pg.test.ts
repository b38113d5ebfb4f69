import { is } from 'drizzle-orm';
import { getTableConfig, PgTable } from 'drizzle-orm/pg-core';
import { describe, expect, test } from 'vitest';
import { openCouplingDatabase } from '../../src/database/open-coupling-database.ts';
import * as access from '../../src/database/schema/access.ts';
import * as commerce from '../../src/database/schema/commerce.ts';
import * as commerceSessions from '../../src/database/schema/commerce-sessions.ts';
import * as couplings from '../../src/database/schema/couplings.ts';
import * as errors from '../../src/database/schema/errors.ts';
import * as jobs from '../../src/database/schema/jobs.ts';
import * as lanes from '../../src/database/schema/lanes.ts';
import * as log from '../../src/database/schema/log.ts';
import { createDatabase } from '../support/database.ts';
import { createCouplingDatabase } from './open-test-database.ts';

describe('opening the coupling database', () => {
  test('migrates an empty database once, however many start at the same time', async () => {
    await using database = await createDatabase();
    const opened = await Promise.all([1, 2, 3].map(() => openCouplingDatabase({ url: database.url, connections: 2 })));
    try {
      expect(new Set(opened.map((db) => db.reader)).size).toBe(1);
      expect(new Set(opened.map((db) => db.holder)).size).toBe(3);
    } finally {
      await Promise.all(opened.map((db) => db.close()));
    }
  });

  test('refuses an empty database when told not to migrate, and leaves it empty', async () => {
    await using database = await createDatabase();
    await expect(openCouplingDatabase({ url: database.url, migrate: false })).rejects.toMatchObject({
      code: 'coupling-database-not-migrated',
      remedy: expect.stringContaining('couplet migrate'),
    });
    expect(await database.sql`select 1 from pg_namespace where nspname = 'couplet'`).toHaveLength(0);
  });

  test('refuses a database that a newer program migrated, migrating or not', async () => {
    await using here = await createCouplingDatabase();
    await here.sql`insert into couplet.migration (hash, created_at) values ('of the future', 99999999999999)`;
    for (const migrate of [true, false]) {
      await expect(openCouplingDatabase({ url: here.url, migrate })).rejects.toMatchObject({
        code: 'coupling-database-newer',
      });
    }
  });

  test('refuses a database with migrations that are not the program’s', async () => {
    await using here = await createCouplingDatabase();
    await here.sql`update couplet.migration set hash = 'another'`;
    await expect(openCouplingDatabase({ url: here.url })).rejects.toMatchObject({ code: 'coupling-database-foreign' });
  });
});

describe('the migrations', () => {
  const tables = [access, commerce, commerceSessions, couplings, errors, jobs, lanes, log].flatMap((module) =>
    Object.values(module).flatMap((value) => (is(value, PgTable) ? [getTableConfig(value)] : [])),
  );

  test('give the tables, columns, indexes and constraints that the schema in the code has', async () => {
    await using here = await createCouplingDatabase();
    const columns = await here.sql<{ table: string; column: string; type: string; notNull: boolean }[]>`
      select c.relname as table, a.attname as column, format_type(a.atttypid, a.atttypmod) as type, a.attnotnull as "notNull"
        from pg_attribute a join pg_class c on c.oid = a.attrelid
       where c.relnamespace = 'couplet'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
         and c.relname <> 'migration' and a.attnum > 0 and not a.attisdropped`;
    const named = await here.sql<{ name: string }[]>`
      select indexrelid::regclass::text as name from pg_index i join pg_class c on c.oid = i.indrelid
       where c.relnamespace = 'couplet'::regnamespace and not c.relispartition and c.relname <> 'migration'
      union
      select 'couplet.' || conname from pg_constraint k join pg_class c on c.oid = k.conrelid
       where k.connamespace = 'couplet'::regnamespace and k.contype in ('c', 'f') and not c.relispartition`;

    expect(
      columns.map(({ table, column, type, notNull }) => `${table}.${column} ${typeOf(type)} ${notNull}`).sort(),
    ).toEqual(
      tables
        .flatMap((table) =>
          table.columns.map(
            (column) =>
              `${table.name}.${column.name} ${typeOf(column.getSQLType())} ${column.notNull || column.primary}`,
          ),
        )
        .sort(),
    );
    expect(named.map(({ name }) => name.replace('couplet.', '')).sort()).toEqual(
      tables
        .flatMap((table) => [
          ...table.indexes.map((index) => index.config.name),
          ...table.checks.map((check) => check.name),
          ...table.foreignKeys.map((key) => key.getName()),
          ...table.uniqueConstraints.map((unique) => unique.name),
          ...table.primaryKeys.map((key) => key.getName()),
          ...table.columns.flatMap((column) => (column.primary ? [`${table.name}_pkey`] : [])),
        ])
        .sort(),
    );
  });
});

// The server names a type with its schema unless the schema is the user's own.
const typeOf = (type: string): string =>
  type.replace('couplet.', '').replace('timestamp (6) with time zone', 'timestamp(6) with time zone');
