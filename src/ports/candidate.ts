/** A record that could be the partner of another, as an error or a result shows it. */
import type { RecordKey, Side } from '../domain/record.ts';

export interface ErrorCandidate {
  readonly side: Side;
  readonly key: RecordKey;
  readonly description: string;
  readonly matchedOn: readonly string[];
}
