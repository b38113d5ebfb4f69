/**
 * Puts the capture into the store while the apps go on writing. CREATE TRIGGER waits for every transaction that has
 * written to the table, and whoever comes to write meanwhile waits behind it: so one table at a time, a second of
 * waiting at most, and a pause before the next try in which the apps get on.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { StoreBusy, StoreRefused } from '../../../errors/store-faults.ts';
import type { InstallResult, SetupProblem, TableName, WatchedTable } from '../../../ports/store.ts';
import type { Connection, DedicatedSession } from '../session/connection.ts';
import { StatementRefused } from '../session/driver-faults.ts';
import { quoteIdentifier } from '../session/quote.ts';
import { displayTable } from '../table/check-filter.ts';
import { CAPTURE_SCHEMA, INSTALL_LOCK, LOCK_CLASS } from './capture-sql.ts';
import { planInstall } from './install-plan.ts';
import type { InstallPlan, InstallStep } from './install-plan.ts';
import { watchStates } from './watched-tables.ts';
import type { WatchState } from './watched-tables.ts';

export interface LockPatience {
  readonly lockTimeoutMs: number;
  readonly attempts: number;
}

export const DEFAULT_PATIENCE: LockPatience = { lockTimeoutMs: 1_000, attempts: 20 };
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;

export interface Installed {
  readonly result: InstallResult;
  readonly states: readonly WatchState[];
}

/** One catalog query when there is nothing to do. */
export async function install(
  connection: Connection,
  watched: readonly WatchedTable[],
  patience: LockPatience = DEFAULT_PATIENCE,
): Promise<Installed> {
  const states = await watchStates(connection, watched);
  const tables = watched.map(({ table }) => table);
  if (states.every(({ ready }) => ready)) return { result: { installed: [], unchanged: tables, problems: [] }, states };
  return alone(connection, patience, async (session) => {
    const before = await watchStates(session, watched);
    const problems = await carryOutPlan(session, await planInstall(session, before), patience);
    const unchanged = before.filter(({ ready }) => ready).map((state) => state.watched.table);
    const refused = new Set(problems.map(({ table }) => table));
    const installed = refused.has(null)
      ? []
      : tables.filter((table) => !unchanged.includes(table) && !refused.has(table));
    return { result: { installed, unchanged, problems }, states: await watchStates(session, watched) };
  });
}

async function carryOutPlan(
  session: DedicatedSession,
  plan: InstallPlan,
  patience: LockPatience,
): Promise<readonly SetupProblem[]> {
  // What concerns no single table stops them all.
  if (plan.tables.length === 0 || plan.problems.some(({ table }) => table === null)) return plan.problems;
  if (plan.schema) await carryOut(session, plan.schema, patience);
  const problems = [...plan.problems];
  for (const { watched, steps } of plan.tables) {
    const problem = await carryOutAll(session, watched.table, steps, patience);
    if (problem) problems.push(problem);
  }
  return problems;
}

/** The same as SQL, for an administrator whose rights Couplet's own account does not have. */
export async function installScript(connection: Connection, watched: readonly WatchedTable[]): Promise<string> {
  const plan = await planInstall(connection, await watchStates(connection, watched));
  const steps = [...(plan.schema ? [plan.schema] : []), ...plan.tables.flatMap((table) => table.steps)];
  const problems = plan.problems.filter(({ code }) => code !== 'right-missing');
  return [
    '-- The change capture of Couplet. Each transaction waits for a lock on one table for one second at most; if it',
    '-- gives up, run the script again: what is in place already is left as it is.',
    ...problems.map(({ code, params }) => `-- Left out (${code}): ${JSON.stringify(params)}`),
    ...(plan.tables.length === 0
      ? ['-- Nothing is to be done.']
      : ["set lock_timeout = '1s';", ...steps.map(stepScript), grants(plan)]),
    '',
  ].join('\n');
}

const stepScript = ({ statements }: InstallStep): string =>
  `begin;\n${statements.map(asRepeatable).join(';\n')};\ncommit;\n`;

/** A script that stopped half way is run again, and CREATE TRIGGER knows no IF NOT EXISTS. */
function asRepeatable(statement: string): string {
  const trigger = /^create trigger (\w+) after \w+ on (("(?:[^"]|"")+"\.)?"(?:[^"]|"")+")/.exec(statement);
  if (statement === `create schema ${CAPTURE_SCHEMA}`) return `create schema if not exists ${CAPTURE_SCHEMA}`;
  return trigger ? `drop trigger if exists ${trigger[1]} on ${trigger[2]};\n${statement}` : statement;
}

const grants = ({ account }: InstallPlan): string =>
  [
    `-- What Couplet's own account needs of it.`,
    `grant usage on schema ${CAPTURE_SCHEMA} to ${quoteIdentifier(account)};`,
    `grant select, insert, update, delete on all tables in schema ${CAPTURE_SCHEMA} to ${quoteIdentifier(account)};`,
  ].join('\n');

/** Two installers at once would get into each other's way; the second finds the work done. */
async function alone<T>(
  connection: Connection,
  patience: LockPatience,
  work: (session: DedicatedSession) => Promise<T>,
): Promise<T> {
  const session = await connection.openSession();
  try {
    await patiently(patience, () => session.once(`select pg_catalog.pg_advisory_lock(${LOCK_CLASS}, ${INSTALL_LOCK})`));
    return await work(session);
  } finally {
    await session.close();
  }
}

async function carryOutAll(
  session: DedicatedSession,
  table: TableName,
  steps: readonly InstallStep[],
  patience: LockPatience,
): Promise<SetupProblem | null> {
  try {
    for (const step of steps) await carryOut(session, step, patience);
    return null;
  } catch (error) {
    const params = { table: displayTable(table) };
    if (error instanceof StoreBusy) return { code: 'table-busy', params, table };
    if (error instanceof StoreRefused && error.code === 'permission-denied') {
      return {
        code: 'right-missing',
        params: { ...params, right: 'install the capture on', privilege: 'TRIGGER' },
        table,
      };
    }
    // A trigger of that name, say: the app's own.
    if (error instanceof StatementRefused) {
      return { code: 'capture-missing', params: { ...params, reason: error.primaryMessage }, table };
    }
    throw error;
  }
}

export const carryOut = (session: DedicatedSession, step: InstallStep, patience: LockPatience): Promise<void> =>
  patiently(patience, async () => {
    await session.once('begin');
    try {
      await session.once(`set local lock_timeout = '${patience.lockTimeoutMs}ms'`);
      for (const statement of step.statements) await session.once(statement);
      await session.once('commit');
    } catch (error) {
      await session.once('rollback').catch(() => undefined);
      throw error;
    }
  });

async function patiently<T>(patience: LockPatience, work: () => Promise<T>): Promise<T> {
  let pauseMs = FIRST_PAUSE_MS;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof StoreBusy) || attempt >= patience.attempts) throw error;
      await pause(pauseMs);
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    }
  }
}
