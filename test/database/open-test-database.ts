/** A coupling database of a test's own. */
import {
  openCouplingDatabase,
  type OpenedCouplingDatabase,
  type OpenOptions,
} from '../../src/database/open-coupling-database.ts';
import type { CouplingDatabase } from '../../src/ports/coupling-database.ts';
import type { Page, PageRequest } from '../../src/ports/queries.ts';
import type { Fence, Lane } from '../../src/ports/store.ts';
import { createMigratedDatabase } from '../support/coupling-database.ts';
import type { TestDatabase } from '../support/database.ts';
import { FIELDS, LANE } from './recordings.ts';

export interface TestCouplingDatabase extends AsyncDisposable {
  readonly db: OpenedCouplingDatabase;
  readonly url: string;
  readonly sql: TestDatabase['sql'];
}

export const createCouplingDatabase = async (options: Omit<OpenOptions, 'url'> = {}): Promise<TestCouplingDatabase> => {
  const database = await createMigratedDatabase();
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

/** Every page of a list, in order. */
export const readAll = async <Item>(
  read: (page: PageRequest) => Promise<Page<Item>>,
  limit: number,
): Promise<readonly Item[]> => {
  const items: Item[] = [];
  for (let cursor: string | null = null; ; ) {
    const page = await read({ limit, cursor, sort: null, count: false });
    items.push(...page.items);
    if (page.nextCursor === null) return items;
    cursor = page.nextCursor;
  }
};
