/** Why the coupling database cannot be used as it is. Each says what cures it; raised at start, before any work. */

import { networkReason } from './network-reasons.ts';

abstract class CouplingDatabaseFault extends Error {
  abstract readonly code: string;
  abstract readonly remedy: string;
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** A newer program migrated it: this one does not know what its tables mean. */
export class CouplingDatabaseNewer extends CouplingDatabaseFault {
  override readonly code = 'coupling-database-newer';
  override readonly remedy = 'Start the program version that migrated it, or a later one.';
}

/** It is empty or older, and the program was told not to migrate. */
export class CouplingDatabaseNotMigrated extends CouplingDatabaseFault {
  override readonly code = 'coupling-database-not-migrated';
  override readonly remedy = 'Run `couplet migrate`, or start without --no-migrate.';
}

/** The database has other migrations than the program under the same numbers. */
export class CouplingDatabaseForeign extends CouplingDatabaseFault {
  override readonly code = 'coupling-database-foreign';
  override readonly remedy = 'Point database.url at a database of Couplet, or at an empty one.';
}

/**
 * It did not answer, or cannot work now: no room, no connections. Whether a transaction whose commit was under way took
 * place is not known.
 */
export class CouplingDatabaseUnreachable extends CouplingDatabaseFault {
  override readonly code = 'coupling-database-unreachable';
  override readonly remedy = 'Wait until it is back; nothing is lost meanwhile.';
  /** The reason, by the code of the driver or the server. */
  readonly params: { readonly reason?: string };
  constructor(message: string, options?: ErrorOptions) {
    const cause = options?.cause;
    const reason = cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : null;
    super(reason === null ? message : `${message.replace(/\.$/, '')}: ${networkReason(reason)}.`, options);
    this.params = reason === null ? {} : { reason };
  }
}
