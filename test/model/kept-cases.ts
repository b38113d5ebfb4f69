/** Scenarios that found a mistake once; kept as they were found, the superfluous taken away. */
import type { Command } from './commands.ts';

export interface KeptCase {
  readonly what: string;
  readonly scenario: readonly Command[];
  readonly seed: number;
  readonly mishaps: boolean;
}

export const KEPT_CASES: readonly KeptCase[] = [
  {
    what: 'a record made in HQ and one made in the channel come to the other side',
    scenario: [
      { do: 'insert', side: 'hq', kind: 'groups', parent: 0 },
      { do: 'insert', side: 'hq', kind: 'customers', parent: 1 },
      { do: 'run', worker: 0, scope: 'modified' },
      { do: 'insert', side: 'channel', kind: 'customers', parent: 1 },
    ],
    seed: 1,
    mishaps: false,
  },
];
