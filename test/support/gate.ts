/** A gate in an app's database: a trigger or a check that asks `pass_gate()` lets nobody through while it is shut. */
import type postgres from 'postgres';

const LOCK = 7_203_114;

/** No lock is waited for here, so that no timeout of whoever stands at the gate ends it. */
export const GATE = `create function pass_gate() returns boolean language plpgsql as $f$ begin
  while not pg_try_advisory_xact_lock_shared(${LOCK}) loop perform pg_sleep(0.01); end loop; return true; end $f$`;

export interface Gate extends AsyncDisposable {
  open(): Promise<void>;
}

export async function shutGate(sql: postgres.Sql): Promise<Gate> {
  const session = await sql.reserve();
  await session`select pg_advisory_lock(${LOCK})`;
  let isShut = true;
  const open = async (): Promise<void> => {
    if (!isShut) return;
    isShut = false;
    await session`select pg_advisory_unlock(${LOCK})`;
    session.release();
  };
  return { open, [Symbol.asyncDispose]: open };
}
