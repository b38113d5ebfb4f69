/** For tests of who gets a lane when: somebody comes while it is held, and whoever holds it looks. */
import type postgres from 'postgres';
import { LOOK_EVERY_MS } from '../../src/engine/lane/let-others-in.ts';
import { until } from './until.ts';

async function waiting(sql: postgres.Sql): Promise<number> {
  const [row] = await sql<{ n: number }[]>`
    select count(*)::int as n from pg_locks where locktype = 'advisory' and not granted
       and database = (select oid from pg_database where datname = current_database())`;
  return row?.n ?? 0;
}

/** Whoever holds a lane looks at it again with the next batch. */
export async function untilLooked(): Promise<void> {
  const since = performance.now();
  await until(() => performance.now() - since > LOOK_EVERY_MS);
}

/**
 * Somebody who comes when it is asked for the `at`th time whether to stop. The work goes on when he waits for a lane
 * of this coupling database, and when it is time to look.
 */
export function comingIn<Result>(coupling: postgres.Sql, at: number, come: () => Promise<Result>) {
  let asked = 0;
  let begun: Promise<Result> | null = null;
  return {
    async stop(): Promise<boolean> {
      asked += 1;
      if (asked !== at) return false;
      begun = come();
      begun.catch(() => {});
      await until(async () => (await waiting(coupling)) === 1);
      await untilLooked();
      return false;
    },
    get result(): Promise<Result> {
      return begun ?? Promise.reject(new Error('nobody came in'));
    },
  };
}
