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
  {
    what: 'a deletion taken back brings the pair back as it was, an edit that had not arrived included',
    scenario: [
      { do: 'insert', side: 'hq', kind: 'groups', parent: 0 },
      { do: 'run', worker: 0, scope: 'modified' },
      { do: 'delete', side: 'channel', kind: 'groups', pick: 0 },
      { do: 'edit', side: 'hq', kind: 'groups', pick: 0, field: 0, value: 5 },
      { do: 'run', worker: 0, scope: 'modified' },
      { do: 'resolve', pick: 0, action: 1, winner: 'hq', own: false },
      { do: 'revert', pick: 0 },
    ],
    seed: 1,
    mishaps: false,
  },
  {
    what: 'a record that comes back to the channel as another one is not merged with the partner of the one before',
    scenario: [
      { do: 'insert', side: 'hq', kind: 'customers', parent: 0 },
      { do: 'run', worker: 0, scope: 'modified' },
      { do: 'delete', side: 'channel', kind: 'customers', pick: 0 },
      { do: 'run', worker: 0, scope: 'modified' },
      { do: 'comeBack', pick: 0, alike: false },
      { do: 'run', worker: 1, scope: 'woken' },
    ],
    seed: 1,
    mishaps: false,
  },
  {
    what: 'nor one that comes back to HQ',
    scenario: [
      { do: 'insert', side: 'channel', kind: 'groups', parent: 0 },
      { do: 'run', worker: 0, scope: 'modified' },
      { do: 'delete', side: 'hq', kind: 'groups', pick: 0 },
      { do: 'run', worker: 0, scope: 'full' },
      { do: 'comeBack', pick: 0, alike: false },
      { do: 'run', worker: 0, scope: 'full' },
    ],
    seed: 1,
    mishaps: false,
  },
  {
    what: 'a record made while a store had gone back in time is not forgotten by the comparison',
    scenario: [
      { do: 'run', worker: 0, scope: 'modified' },
      { do: 'insert', side: 'hq', kind: 'customers', parent: 10 },
      { do: 'goBack', side: 'channel', runs: 3 },
    ],
    seed: 6,
    mishaps: false,
  },
  {
    what: 'a reference to a parent that was uncoupled stays, also when the store is put back to where that one had another key',
    scenario: [
      { do: 'insert', side: 'hq', kind: 'groups', parent: 0 },
      { do: 'insert', side: 'hq', kind: 'customers', parent: 1 },
      { do: 'insert', side: 'hq', kind: 'customers', parent: 2 },
      { do: 'insert', side: 'hq', kind: 'customers', parent: 3 },
      { do: 'insert', side: 'channel', kind: 'customers', parent: 0 },
      { do: 'run', worker: 0, scope: 'modified' },
      { do: 'changeKey', side: 'hq', kind: 'groups', pick: 0 },
      { do: 'uncouple', pick: 0 },
      { do: 'goBack', side: 'hq', runs: 0 },
      { do: 'editBoth', pick: 0, field: 0, agree: false },
      { do: 'insert', side: 'hq', kind: 'customers', parent: 0 },
      { do: 'run', worker: 0, scope: 'modified' },
      { do: 'edit', side: 'hq', kind: 'customers', pick: 0, field: 0, value: 0 },
    ],
    seed: 0,
    mishaps: false,
  },
];
