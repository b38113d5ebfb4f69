/** Why the coupling database could not be opened, as the end of a command. Driver messages may hold values: only codes are told. */
import { EmbeddedPostgresError } from '../embedded/embedded-postgres-error.ts';
import {
  CouplingDatabaseForeign,
  CouplingDatabaseNewer,
  CouplingDatabaseNotMigrated,
} from '../errors/coupling-database-faults.ts';
import { StoreRefused } from '../errors/store-faults.ts';
import { CommandFailed, EXIT } from './exit.ts';

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens at that address and port',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'its host name could not be looked up',
  ETIMEDOUT: 'it did not answer in time',
  CONNECT_TIMEOUT: 'it did not answer in time',
  EHOSTUNREACH: 'no way leads to its host',
  '28P01': 'the user or the password is wrong',
  '28000': 'the user may not sign in from here',
  '3D000': 'the server has no such database',
  '57P03': 'the server is starting or stopping',
  '53300': 'the server takes no more connections',
  '42501': 'the user may not create tables there',
};

/** A fault of another kind comes back as it is. */
export function explainDatabaseFault(fault: unknown): unknown {
  if (
    fault instanceof CouplingDatabaseNewer ||
    fault instanceof CouplingDatabaseForeign ||
    fault instanceof CouplingDatabaseNotMigrated
  ) {
    return new CommandFailed(EXIT.failed, `${fault.code}: ${fault.message} ${fault.remedy}`, {
      code: fault.code,
      detail: fault.message,
      remedy: fault.remedy,
    });
  }
  if (fault instanceof StoreRefused && fault.code === 'url-invalid') {
    return new CommandFailed(EXIT.usage, `${fault.code}: ${fault.message}`, {
      code: fault.code,
      detail: fault.message,
    });
  }
  if (fault instanceof EmbeddedPostgresError) {
    return new CommandFailed(EXIT.failed, fault.message, {
      code: 'coupling-database-unreachable',
      detail: fault.message,
    });
  }
  const reason = REASONS[codeOf(fault)];
  if (reason === undefined) return fault;
  const code = 'coupling-database-unreachable';
  const detail = `The coupling database cannot be reached: ${reason}.`;
  const remedy = 'Look at the server, and at COUPLET_DATABASE_URL or database.url.';
  return new CommandFailed(EXIT.failed, `${code}: ${detail} ${remedy}`, { code, detail, remedy });
}

function codeOf(fault: unknown): string {
  if (typeof fault !== 'object' || fault === null) return '';
  const { code, cause } = fault as { readonly code?: unknown; readonly cause?: unknown };
  return typeof code === 'string' ? code : codeOf(cause);
}
