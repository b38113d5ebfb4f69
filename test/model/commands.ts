/**
 * What happens in a scenario, as plain data: it prints, shrinks and replays. People of both apps, people at the error
 * list, the administrator, the workers, and what goes wrong. Records are picked by number among those that are there.
 */
import fc from 'fast-check';
import type { CrashPoint } from '../../src/engine/lane/lane-context.ts';
import type { Side } from '../../src/domain/record.ts';
import type { Fault, Kind, Policies, RunScope } from './world.ts';

export type Command =
  | { readonly do: 'insert'; readonly side: Side; readonly kind: Kind; readonly parent: number }
  /** Both apps make a record of the same number before any run. */
  | { readonly do: 'insertBoth' }
  | {
      readonly do: 'edit';
      readonly side: Side;
      readonly kind: Kind;
      readonly pick: number;
      readonly field: number;
      readonly value: number;
    }
  | { readonly do: 'editBoth'; readonly pick: number; readonly field: number; readonly agree: boolean }
  | { readonly do: 'delete'; readonly side: Side; readonly kind: Kind; readonly pick: number }
  | {
      readonly do: 'recreate';
      readonly side: Side;
      readonly kind: Kind;
      readonly pick: number;
      readonly alike: boolean;
    }
  /** A record that was deleted some time ago is created again under its key, as it was or with other values. */
  | { readonly do: 'comeBack'; readonly pick: number; readonly alike: boolean }
  | { readonly do: 'changeKey'; readonly side: Side; readonly kind: Kind; readonly pick: number }
  | { readonly do: 'block'; readonly pick: number }
  | { readonly do: 'hold'; readonly side: Side; readonly pick: number }
  | { readonly do: 'release'; readonly commit: boolean }
  | { readonly do: 'run'; readonly worker: number; readonly scope: RunScope }
  /** `woken`: the one shares with the other what it has to do. */
  | { readonly do: 'runTogether'; readonly woken?: boolean }
  | { readonly do: 'crash'; readonly worker: number; readonly point: CrashPoint; readonly pass: number }
  | {
      readonly do: 'resolve';
      readonly pick: number;
      readonly action: number;
      readonly winner: Side;
      readonly own: boolean;
    }
  | { readonly do: 'uncouple'; readonly pick: number }
  | { readonly do: 'couple'; readonly pick: number }
  /** `answer`: of what answered errors and of reverts, in place of writes. */
  | { readonly do: 'revert'; readonly pick: number; readonly answer?: boolean }
  | { readonly do: 'pause'; readonly on: boolean }
  | { readonly do: 'configure'; readonly policies: Policies }
  | { readonly do: 'fault'; readonly side: Side; readonly fault: Fault }
  /** A table truncated; `reload`: and its rows put back in the same transaction, as a nightly job does it. */
  | { readonly do: 'empty'; readonly side: Side; readonly kind: Kind; readonly reload: boolean }
  /** A mapped column gets another name, or its own one back. */
  | { readonly do: 'rename'; readonly side: Side; readonly to: 'own' | 'other' }
  /** The store is put back to what it was before one of the last runs. */
  | { readonly do: 'goBack'; readonly side: Side; readonly runs: number }
  /** Somebody lets all that stands still for it go on with a comparison. */
  | { readonly do: 'resume' }
  /** From here on it is this channel whose people act. */
  | { readonly do: 'turn'; readonly channel: number };

/** What befalls whole stores, as far as a world can bring it about. */
export type Upheaval = 'emptied' | 'renamed' | 'restored' | 'channels';

export const POINTS: readonly CrashPoint[] = [
  'changes-read',
  'cursor-moved',
  'decided',
  'hq-written',
  'channel-written',
  'outcomes-recorded',
  'ledger-cleared',
];

const side = fc.constantFrom<Side>('hq', 'channel');
const kind = fc.constantFrom<Kind>('customers', 'customers', 'customers', 'groups');
const pick = fc.nat({ max: 11 });
const command = <D extends Command['do']>(
  name: D,
  parts: { [K in keyof Omit<Extract<Command, { do: D }>, 'do'>]: fc.Arbitrary<Extract<Command, { do: D }>[K]> },
  weight: number,
) => ({ arbitrary: fc.record({ do: fc.constant(name), ...parts }) as unknown as fc.Arbitrary<Command>, weight });

const POLICIES: fc.Arbitrary<Policies> = fc.record({
  resolve: fc.constantFrom<Policies['resolve']>('manual', 'hqWins', 'channelWins'),
  detect: fc.constantFrom<Policies['detect']>('field', 'record'),
  deletions: fc.constantFrom<Policies['deletions']>('manual', 'restore', 'removeCoupling', 'propagate'),
  filtered: fc.boolean(),
});

const crash = command(
  'crash',
  { worker: fc.nat({ max: 1 }), point: fc.constantFrom(...POINTS), pass: fc.integer({ min: 1, max: 3 }) },
  3,
);

const UPHEAVALS: Readonly<Record<Upheaval, readonly ReturnType<typeof command>[]>> = {
  emptied: [command('empty', { side, kind, reload: fc.boolean() }, 2)],
  renamed: [command('rename', { side, to: fc.constantFrom('own', 'other') }, 2)],
  restored: [command('goBack', { side, runs: fc.nat({ max: 3 }) }, 3), command('resume', {}, 2)],
  channels: [command('turn', { channel: fc.nat({ max: 1 }) }, 4)],
};

/** Edits of people, actions, runs and crashes. `switches`: policies and filters change too. */
export function commands(options: {
  readonly switches: boolean;
  readonly faults: readonly Fault[];
  readonly upheavals?: readonly Upheaval[];
  readonly max: number;
}) {
  const list = [
    command('insert', { side, kind, parent: pick }, 6),
    command('insertBoth', {}, 1),
    command('edit', { side, kind, pick, field: fc.nat({ max: 3 }), value: fc.nat({ max: 9 }) }, 10),
    command('editBoth', { pick, field: fc.nat({ max: 1 }), agree: fc.boolean() }, 3),
    command('delete', { side, kind, pick }, 3),
    command('recreate', { side, kind, pick, alike: fc.boolean() }, 1),
    command('comeBack', { pick, alike: fc.boolean() }, 3),
    command('changeKey', { side, kind, pick }, 1),
    command('hold', { side, pick }, 1),
    command('release', { commit: fc.boolean() }, 2),
    command(
      'run',
      {
        worker: fc.nat({ max: 1 }),
        scope: fc.constantFrom('modified', 'modified', 'modified', 'full', 'woken', 'woken'),
      },
      8,
    ),
    command('runTogether', { woken: fc.boolean() }, 2),
    crash,
    command('resolve', { pick, action: fc.nat({ max: 5 }), winner: side, own: fc.boolean() }, 4),
    command('uncouple', { pick }, 1),
    command('couple', { pick }, 1),
    command('revert', { pick, answer: fc.boolean() }, 2),
    command('pause', { on: fc.boolean() }, 1),
    ...(options.faults.length > 0 ? [command('fault', { side, fault: fc.constantFrom(...options.faults) }, 2)] : []),
    ...(options.upheavals ?? []).flatMap((name) => UPHEAVALS[name]),
    ...(options.switches ? [command('configure', { policies: POLICIES }, 2), command('block', { pick }, 2)] : []),
  ];
  const life = fc.array(fc.oneof(...list), { minLength: 4, maxLength: options.max, size: 'max' });
  // What befalls a whole store is only worth something where there is something in it.
  return options.upheavals ? life.map((rest) => [...SETTLED, ...rest]) : life;
}

const SETTLED: readonly Command[] = [
  { do: 'insert', side: 'hq', kind: 'groups', parent: 0 },
  ...[1, 2, 3].map((parent) => ({ do: 'insert', side: 'hq', kind: 'customers', parent }) as const),
  { do: 'insert', side: 'channel', kind: 'customers', parent: 0 },
  { do: 'run', worker: 0, scope: 'modified' },
];
