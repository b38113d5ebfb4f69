/**
 * What a fault of the driver or the server means to a run. Messages are our own: PostgreSQL puts values into its
 * messages and details, postgres.js hangs parameters on the error, and either would reach logs and API answers.
 */
import { networkReason } from '../../../errors/network-reasons.ts';
import { FenceLost, LineageBroken, StoreBusy, StoreRefused, StoreUnreachable } from '../../../errors/store-faults.ts';

export type StoreFault = StoreUnreachable | StoreBusy | StoreRefused | FenceLost | LineageBroken;

/** The fields of a server error that name things of the schema, and none that holds a value. */
export interface ServerError {
  readonly code: string;
  readonly constraint: string | null;
  readonly schema: string | null;
  readonly table: string | null;
  readonly column: string | null;
  readonly dataType: string | null;
  readonly routine: string | null;
  /** Where in the statement's text the error lies, in characters from 1 on. */
  readonly position: number | null;
}

/** A statement that the server refused for reasons of its data or text; whoever sent it knows what it means. */
export class StatementRefused extends Error {
  readonly server: ServerError;
  /** In the server's language and with values in it: for a `Refusal` made of a person's own data, never for logs. */
  readonly primaryMessage: string;
  constructor(server: ServerError, primaryMessage: string) {
    super(`The store refused a statement (${server.code})`);
    this.name = 'StatementRefused';
    this.server = server;
    Object.defineProperty(this, 'primaryMessage', { enumerable: false });
    this.primaryMessage = primaryMessage;
  }
}

export const isStoreFault = (error: unknown): error is StoreFault =>
  error instanceof StoreUnreachable ||
  error instanceof StoreBusy ||
  error instanceof StoreRefused ||
  error instanceof FenceLost ||
  error instanceof LineageBroken;

const UNREACHABLE_STATES = new Set(['57P01', '57P02', '57P03', '57P05', '25P03', '25P04', '25006', '58000', '58030']);
const BUSY_STATES = new Set(['40001', '40P01', '40003', '55P03', '55006', '57014', '72000']);
const SCHEMA_STATES = new Set(['42P01', '42703', '3F000', '42883', '42704', '42804', '42P10', '0A000']);

/** Translates whatever a statement threw; `store` names the store in messages, by address and never by user. */
export function translateFault(error: unknown, store: string): StoreFault | StatementRefused {
  if (isStoreFault(error) || error instanceof StatementRefused) return error;
  const code = errorCode(error);
  const state = /^[0-9A-Z]{5}$/.test(code) ? code : null;
  if (state === null) return unreachable(code, store, error);
  const server = serverError(error, state);
  const named = { store, sqlState: state, ...(server.table === null ? {} : { table: server.table }) };
  const cause = { cause: new StatementRefused(server, '') };
  // A database that lets nobody in for a while, as during a restore.
  const closed = state === '55000' && server.routine === 'CheckMyDatabase';
  if (state.startsWith('08') || UNREACHABLE_STATES.has(state) || closed) {
    return new StoreUnreachable(`${store} stopped answering (${state})`, named, cause);
  }
  // A plan that went stale under us is planned anew by the next attempt.
  const staleplan = state === '0A000' && server.routine === 'RevalidateCachedQuery';
  if (state.startsWith('53')) {
    const reason = networkReason(state);
    return new StoreBusy(`${store} is busy: ${reason}`, { ...named, reason: state }, cause);
  }
  if (BUSY_STATES.has(state) || staleplan) {
    return new StoreBusy(`${store} is busy (${state})`, named, cause);
  }
  // A trigger that raises one of the states below speaks of the record it was shown, not of the set-up.
  if (server.routine === 'exec_stmt_raise') {
    return new StatementRefused(server, error instanceof Error ? error.message : '');
  }
  if (state.startsWith('28')) {
    return new StoreRefused('sign-in-refused', `${store} does not let Couplet sign in`, named, cause);
  }
  if (state === '3D000') return new StoreRefused('database-not-found', `${store} has no such database`, named, cause);
  if (state === '42501') {
    // With row_security off a policy that would hide rows is an error instead of a table that looks empty.
    const hidesRows = server.routine === 'get_row_security_policies' || server.routine === 'check_enable_rls';
    const what = hidesRows
      ? 'has a row security policy that hides rows from Couplet'
      : 'does not allow this to Couplet';
    return new StoreRefused('permission-denied', `${store} ${what}`, { ...named, rowSecurity: hidesRows }, cause);
  }
  if (SCHEMA_STATES.has(state)) {
    const params = { ...named, ...(server.column === null ? {} : { column: server.column }) };
    // These messages name parts of the schema or of the statement, and no values.
    const told = { cause: new StatementRefused(server, error instanceof Error ? error.message : '') };
    return new StoreRefused('schema-changed', `${store} lacks a table, column or type (${state})`, params, told);
  }
  return new StatementRefused(server, error instanceof Error ? error.message : '');
}

function unreachable(code: string, store: string, error: unknown): StoreFault {
  if (/^(SASL_|ERR_TLS_|ERR_SSL_|UNABLE_TO_)|CERT/.test(code)) {
    return new StoreRefused('permission-denied', `${store} could not prove its identity (${code})`, {
      store,
      reason: code,
    });
  }
  if (/^(E[A-Z0-9_]+|CONNECT(ION)?_[A-Z]+)$/.test(code)) {
    return new StoreUnreachable(`${store} did not answer: ${networkReason(code)}`, { store, reason: code });
  }
  // A mistake in this very process must not pass for a store that is away.
  throw error;
}

function errorCode(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('code' in error)) return '';
  return typeof error.code === 'string' ? error.code : '';
}

function serverError(error: unknown, code: string): ServerError {
  const fields = error as Record<string, unknown>;
  const text = (name: string): string | null => (typeof fields[name] === 'string' ? fields[name] : null);
  return {
    code,
    constraint: text('constraint_name'),
    schema: text('schema_name'),
    table: text('table_name'),
    column: text('column_name'),
    dataType: text('data type_name'),
    routine: text('routine'),
    position: text('position') === null ? null : Number(text('position')),
  };
}
