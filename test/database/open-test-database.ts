/** A coupling database of a test's own. */
import { openCouplingDatabase, type OpenOptions } from '../../src/database/open-coupling-database.ts';
import type { CouplingDatabase } from '../../src/ports/coupling-database.ts';
import type { Fence, Lane } from '../../src/ports/store.ts';
import { createDatabase, ensureTemplate, type TestDatabase } from '../support/database.ts';
import { FIELDS, LANE } from './recordings.ts';

export interface TestCouplingDatabase extends AsyncDisposable {
  readonly db: CouplingDatabase;
  readonly url: string;
  readonly sql: TestDatabase['sql'];
}

export const createCouplingDatabase = async (options: Omit<OpenOptions, 'url'> = {}): Promise<TestCouplingDatabase> => {
  const template = await ensureTemplate('coupling_template', async (url) => {
    await (await openCouplingDatabase({ url })).close();
  });
  const database = await createDatabase({ template });
  const db = await openCouplingDatabase({ url: database.url, connections: 4, ...options });
  return {
    db,
    url: database.url,
    sql: database.sql,
    [Symbol.asyncDispose]: async () => {
      await db.close();
      await database[Symbol.asyncDispose]();
    },
  };
};

/** A lane that is ready to record in. */
export const openTestLane = async (db: CouplingDatabase, lane: Lane = LANE, fields = FIELDS): Promise<Fence> => {
  await db.ensureLanes([lane]);
  await db.ensureLayout(lane, fields);
  return { lane, number: await db.raiseFence(lane) };
};
