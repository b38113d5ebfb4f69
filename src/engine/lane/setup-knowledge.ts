/** What a check has to know besides the stores: names that were meant, lines of the file, what was changed in it. */
import type { SuggestName } from '../../domain/prepare-mapping.ts';
import type { Json, Side } from '../../domain/record.ts';
import type { ConfigurationPath, SetupFinding } from './setup-finding.ts';

/** A setting that rests under couplings and was changed in the file. */
export interface LockedSetting {
  readonly mapping: string;
  /** Under which its couplings stand until it is renamed. */
  readonly formerMapping: string;
  /** Null: with every channel. */
  readonly channel: string | null;
  /** Within the mapping: `hq.key`, `fields.group.references`. */
  readonly path: string;
  readonly before: Json;
  readonly after: Json;
}

export interface StoreVerdict {
  readonly side: Side;
  readonly channel: string | null;
  readonly reachable: boolean;
  readonly captureInstalled: boolean;
  readonly findings: readonly SetupFinding[];
}

export interface SetupKnowledge {
  readonly suggest: SuggestName;
  /** The line of the configuration file, from 1 on. */
  lineOf(path: ConfigurationPath): number;
  locked(): Promise<readonly LockedSetting[]>;
  /** What a check found of each store, for whoever asks later. */
  note(verdicts: readonly StoreVerdict[]): Promise<void>;
}
