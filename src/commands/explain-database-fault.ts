/** Why the coupling database could not be opened, as the end of a command. Driver messages may hold values: only codes are told. */
import { EmbeddedPostgresError } from '../embedded/embedded-postgres-error.ts';
import {
  CouplingDatabaseForeign,
  CouplingDatabaseNewer,
  CouplingDatabaseNotMigrated,
  CouplingDatabaseUnreachable,
} from '../errors/coupling-database-faults.ts';
import { networkReason } from '../errors/network-reasons.ts';
import { StoreRefused } from '../errors/store-faults.ts';
import { CommandFailed, EXIT } from './exit.ts';

/** Of no other fault: a file that is missing has a code of its own. */
const NETWORK = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT', 'CONNECT_TIMEOUT', 'EHOSTUNREACH'];
const SERVER = ['25006', '28P01', '28000', '3D000', '53100', '53200', '53300', '57P03'];

const REASONS: Readonly<Record<string, string>> = Object.fromEntries(
  [...NETWORK, ...SERVER].map((code) => [code, networkReason(code)]),
);

/** A fault of another kind comes back as it is. With its address, which may be null where it was not looked up yet, the database is named. */
export function explainDatabaseFault(fault: unknown, url: string | null = null): unknown {
  const told = detailOf(codeOf(fault), url);
  if (
    fault instanceof CouplingDatabaseNewer ||
    fault instanceof CouplingDatabaseForeign ||
    fault instanceof CouplingDatabaseNotMigrated ||
    (fault instanceof CouplingDatabaseUnreachable && told === null)
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
  if (told === null) return fault;
  const code = 'coupling-database-unreachable';
  return new CommandFailed(EXIT.failed, `${code}: ${told.detail} ${told.remedy}`, { code, ...told });
}

const NOT_PERMITTED = '42501';

function detailOf(code: string, url: string | null): { readonly detail: string; readonly remedy: string } | null {
  const place = placeOf(url);
  const named = `The coupling database${place === null ? '' : ` at ${place.address}`}`;
  if (code === NOT_PERMITTED) {
    const isNamed = place !== null && place.user !== '';
    return {
      detail: `${named} cannot be used: the user${isNamed ? ` ${place.user}` : ''} may not make schemas and tables there.`,
      remedy: !isNamed
        ? 'Let the owner of the database grant the right CREATE on it, or let somebody who has it run `couplet migrate`.'
        : `Let its owner run: GRANT CREATE ON DATABASE ${quoted(place.database)} TO ${quoted(place.user)}`,
    };
  }
  const reason = REASONS[code];
  if (reason === undefined) return null;
  return {
    detail: `${named} cannot be reached: ${reason}.`,
    remedy: 'Look at the server, and at COUPLET_DATABASE_URL or database.url.',
  };
}

/** Never with the password; without a user the driver takes its own. An address that cannot be read was refused before. */
function placeOf(
  url: string | null,
): { readonly address: string; readonly user: string; readonly database: string } | null {
  const read = url !== null && URL.canParse(url) ? new URL(url) : null;
  if (read === null || read.host === '') return null;
  const database = decodeURIComponent(read.pathname.slice(1));
  return { address: `${read.host}/${database}`, user: decodeURIComponent(read.username), database };
}

const quoted = (name: string): string => (/^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`);

function codeOf(fault: unknown): string {
  if (typeof fault !== 'object' || fault === null) return '';
  const { code, cause } = fault as { readonly code?: unknown; readonly cause?: unknown };
  if (fault instanceof CouplingDatabaseUnreachable) return codeOf(cause);
  return typeof code === 'string' ? code : codeOf(cause);
}
