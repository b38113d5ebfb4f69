/** The only place that looks at the environment of the process; everything else is given values. */
import type { Environment } from './substitute-variables.ts';

export type { Environment };

/** A copy: what is loaded from it does not change when somebody sets a variable later. */
export const readEnvironment = (): Environment => ({ ...process.env });

export const DEFAULT_DATA_DIR = '.couplet';

export interface ProcessSettings {
  /** Null: the coupling database is the embedded one, unless the file names one. */
  readonly databaseUrl: string | null;
  readonly dataDir: string;
}

/** A variable that is set to nothing counts as absent, as shells leave them. */
export const processSettings = (environment: Environment): ProcessSettings => ({
  databaseUrl: environment['COUPLET_DATABASE_URL'] || null,
  dataDir: environment['COUPLET_DATA_DIR'] || DEFAULT_DATA_DIR,
});
