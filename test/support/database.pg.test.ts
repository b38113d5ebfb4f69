import { expect, test } from 'vitest';
import { createDatabase, ensureTemplate } from './database.ts';
import { until } from './until.ts';

test('every test gets a database of its own, copied from a template that is built once', async () => {
  let builds = 0;
  const make = (): Promise<string> =>
    ensureTemplate('template_of_visits', async (url) => {
      builds += 1;
      const { default: postgres } = await import('postgres');
      const sql = postgres(url, { max: 1 });
      await sql`create table visit (place text)`;
      await sql.end();
    });
  await Promise.all([make(), make()]);
  expect(builds).toBe(1);

  await using one = await createDatabase({ template: await make() });
  await using other = await createDatabase({ template: await make() });
  await one.sql`insert into visit values ('Houston')`;
  expect(await one.sql`select place from visit`).toHaveLength(1);
  expect(await other.sql`select place from visit`).toHaveLength(0);
});

test('until names what did not come about, and why', async () => {
  const never = until(() => Promise.reject(new Error('away')), { timeoutMs: 50, what: 'the store answers' });
  await expect(never).rejects.toThrow('Not within 50 ms: the store answers');
});
