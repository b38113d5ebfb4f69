import { openCouplingDatabase } from '../../src/database/open-coupling-database.ts';
import { createDatabase, ensureTemplate, type TestDatabase } from './database.ts';

/** Empty and migrated: a copy, for to migrate each one anew takes most of the time of a small test. */
export async function createMigratedDatabase(): Promise<TestDatabase> {
  const template = await ensureTemplate('coupling_template', async (url) => {
    await (await openCouplingDatabase({ url })).close();
  });
  return createDatabase({ template });
}
