/** What an error of a mapping holds back, and whether whoever answers it still sees what is held. */
import { createHash } from 'node:crypto';
import { type Json, type Side, SIDES } from '../../domain/record.ts';
import type { CouplingDatabase, PendingState, SyncError } from '../../ports/coupling-database.ts';
import type { ActionRequest } from '../../ports/synchronizer.ts';
import { answersBoundTo, stale } from './refuse-stale.ts';

export interface Release {
  readonly side: Side;
  readonly from: PendingState;
  readonly to: PendingState;
}

export interface Held {
  /** Null: both sides. */
  readonly side: Side | null;
  /** What was counted already and what is let go are worked together. */
  readonly states: readonly PendingState[];
  readonly releases: readonly Release[];
}

type Pending = Pick<CouplingDatabase, 'fingerprintPending'>;

/** Null: it holds nothing back, it tells of the mapping itself. */
export function heldBy(error: SyncError): Held | null {
  if (error.code === 'mass-deletion') {
    const side = error.deletedIn ?? 'hq';
    return { side, states: ['deletion'], releases: [{ side, from: 'held', to: 'deletion' }] };
  }
  if (error.code !== 'mass-change') return null;
  return {
    side: null,
    states: ['change', 'replacement'],
    releases: SIDES.flatMap((side): Release[] => [
      { side, from: 'changeHeld', to: 'change' },
      { side, from: 'replacementHeld', to: 'replacement' },
    ]),
  };
}

/** All that an answer works: what is held, and what a run that was stopped had not counted yet. */
export const statesOf = ({ states, releases }: Held): readonly PendingState[] => [
  ...new Set([...releases.map(({ from }) => from), ...states]),
];

async function heldNow(database: Pending, error: SyncError): Promise<{ count: number; fingerprint: string } | null> {
  const held = heldBy(error);
  return held && database.fingerprintPending(error.lane, statesOf(held), held.side);
}

/** The state of the error and of all that it holds as one opaque text. A record that moves leaves what is held. */
export async function etagOfMappingError(database: Pending, error: SyncError): Promise<string> {
  return etagOf(error, await heldNow(database, error));
}

function etagOf(error: SyncError, held: Awaited<ReturnType<typeof heldNow>>): string {
  const state = JSON.stringify([error.id, error.status, error.kind, error.code, error.params, held]);
  return `"${createHash('sha256').update(state).digest('base64url').slice(0, 27)}"`;
}

/** Of pairs changed on both sides there are two; errors from before these were told apart tell of marks alone. */
export const marksTold = ({ code, params }: SyncError): Json | undefined =>
  code === 'mass-deletion' ? params['deletions'] : (params['marks'] ?? params['changes']);

/** Without an etag an approval stands for as many records as the error tells of: none that joined them unseen. */
export async function refuseStaleMass(
  database: Pending,
  error: SyncError,
  { action, ifMatch }: Pick<ActionRequest, 'action' | 'ifMatch'>,
): Promise<void> {
  if (ifMatch === '*' || (ifMatch === null && !answersBoundTo(action))) return;
  const now = await heldNow(database, error);
  const told = marksTold(error);
  const moved =
    ifMatch !== null ? etagOf(error, now) !== ifMatch : typeof told === 'number' && (now?.count ?? 0) > told;
  if (moved) throw stale(error);
}
