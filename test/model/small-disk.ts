/** A disk that is soon full: a few megabytes of memory mounted as one, or where nobody may mount, a trigger that says so. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import postgres from 'postgres';
import type { TestServer } from '../support/server.ts';

export interface SmallDisk extends AsyncDisposable {
  /** What it is, for whoever reads the result of the test. */
  readonly how: string;
  /** The statements that make the tables, so that these lie on the disk. */
  place(tables: string): string;
  fill(sql: postgres.Sql): Promise<void>;
  free(sql: postgres.Sql): Promise<void>;
}

const run = promisify(execFile);
const TABLESPACE = 'small_disk';

/** `database`: the one whose tables are placed on it; it is dropped with the disk. */
export async function smallDisk(server: TestServer, database: string): Promise<SmallDisk> {
  const maintenance = postgres(server.url('postgres'), { max: 1, onnotice: () => {} });
  const folder = await mkdtemp(join(tmpdir(), 'couplet-disk-'));
  const [data] = await maintenance<{ folder: string }[]>`select current_setting('data_directory') as folder`;
  const { uid } = await stat(data?.folder ?? '');
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=8m,uid=${uid},mode=0700`, 'tmpfs', folder]);
  } catch {
    await rm(folder, { recursive: true });
    await maintenance.end();
    return saidToBeFull;
  }
  await maintenance.unsafe(`create tablespace ${TABLESPACE} location '${folder}'`);
  return {
    how: 'a tablespace on 8 MB of tmpfs',
    place: (tables) => `set default_tablespace = '${TABLESPACE}'; ${tables}; reset default_tablespace;`,
    async fill(sql) {
      await sql.unsafe(`create table ballast (content text) tablespace ${TABLESPACE};
        alter table ballast alter content set storage external`);
      // Until not one row fits any more.
      for (const rows of [20, 1]) {
        await sql.unsafe(`do $$ begin loop
            begin insert into ballast select repeat('x', 7000) from generate_series(1, ${rows});
            exception when disk_full then exit; end;
          end loop; end $$`);
      }
    },
    free: async (sql) => void (await sql`drop table ballast`),
    async [Symbol.asyncDispose]() {
      await maintenance`drop database if exists ${maintenance(database)} with (force)`;
      await maintenance.unsafe(`drop tablespace ${TABLESPACE}`);
      await maintenance.end();
      await run('umount', [folder]);
      await rm(folder, { recursive: true });
    },
  };
}

const saidToBeFull: SmallDisk = {
  how: 'no right to mount here: a trigger that fails as a full disk does',
  place: (tables) => tables,
  async fill(sql) {
    await sql.unsafe(`
      create function no_room() returns trigger language plpgsql as $$
        begin raise exception 'could not extend file: No space left on device' using errcode = '53100'; end $$;
      create trigger no_room after insert on shoppers for each statement execute function no_room();`);
  },
  free: async (sql) => void (await sql`drop trigger no_room on shoppers`),
  async [Symbol.asyncDispose]() {},
};
