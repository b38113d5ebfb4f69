/** What a check finds: one thing that is not as a mapping needs it, with its place in the configuration. */
import { describeCode } from '../../domain/describe-change.ts';
import type { Params, Side } from '../../domain/record.ts';
import { entryOf, isErrorCode } from '../../errors/catalogue.ts';

export type ConfigurationPath = readonly (string | number)[];

export interface SetupFinding {
  readonly code: string;
  /** `error`: the mapping, or the store, cannot be worked; `warning`: some records will not; `note`: good to know. */
  readonly severity: 'error' | 'warning' | 'note';
  /** Null: of the coupling database, or of the configuration as a whole. */
  readonly side: Side | null;
  /** Null: of HQ, or of the mapping with every channel. */
  readonly channel: string | null;
  readonly mapping: string | null;
  readonly path: ConfigurationPath;
  readonly params: Params;
  readonly message: string;
  readonly remedy: string;
}

export interface Place {
  readonly side: Side | null;
  readonly channel: string | null;
  readonly mapping: string | null;
}

export type AddFinding = (
  code: string,
  severity: SetupFinding['severity'],
  path: ConfigurationPath,
  params: Params,
  remedy?: string,
) => void;

export function setupFinding(
  place: Place,
  code: string,
  severity: SetupFinding['severity'],
  path: ConfigurationPath,
  params: Params,
  remedy?: string,
): SetupFinding {
  const known = isErrorCode(code) ? entryOf(code).remedy : '';
  return { ...place, code, severity, path, params, message: describeCode(code, params), remedy: remedy ?? known };
}

/** A right that is lacking is cured by one statement, which can be named. */
export const grantRemedy = (privilege: string, object: string): string =>
  `Let the owner run: GRANT ${privilege} ON ${object} TO the user of the store's url.`;
