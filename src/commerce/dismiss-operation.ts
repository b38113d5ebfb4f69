/** Dismiss and reopen. A create takes along what can never be applied without it. */
import { recordingBuilder } from '../engine/batch/build-recording.ts';
import { inActionLane } from '../engine/actions/act-on-error.ts';
import { singleRun } from '../engine/run/single-run.ts';
import { recordParts } from '../engine/batch/work-batch.ts';
import type { CustomerOperation } from '../ports/commerce.ts';
import type { Dismissed, Reopened } from '../ports/customer-operations.ts';
import { PLAIN_OUTCOME } from '../ports/operation-outcome.ts';
import type { Asker } from '../ports/synchronizer.ts';
import { isMalformed } from '../domain/operation-actions.ts';
import { type CommerceSite, laneFor } from './commerce-site.ts';
import { changeFitting, refuseUnfit, requireOperation } from './refuse-action.ts';

export async function dismissOperation(
  commerce: CommerceSite,
  id: string,
  asked: Asker & { readonly dryRun: boolean },
): Promise<Dismissed> {
  const operation = await requireOperation(commerce.database, id);
  refuseUnfit(operation, 'dismiss', asked.actor);
  const behind = await operationsBehind(commerce, operation);
  if (asked.dryRun) return { behind };
  // From the last to the first: whoever is killed in between leaves nothing without what it needs.
  for (const other of behind.toReversed()) await dismissOne(commerce, other, asked);
  await dismissOne(commerce, operation, asked);
  await commerce.database.blockAndRelease(operation.channel);
  return { behind };
}

/** Of a create that made no customer: all that speaks of the customer and has not come through. */
async function operationsBehind(
  commerce: CommerceSite,
  operation: CustomerOperation,
): Promise<readonly CustomerOperation[]> {
  const { channel, guid } = operation;
  if (operation.name !== 'createCustomer' || guid === null) return [];
  const known = await commerce.database.asyncRecords(laneFor(commerce, channel, 'customers'), [{ guid, partKey: '' }]);
  if (known.size > 0) return [];
  const open = await commerce.database.openOperationsOf(channel, [guid]);
  return open.filter((other) => {
    if (other.id === operation.id || isMalformed(other)) return false;
    if (other.part !== 'customers') return true;
    return other.name !== 'createCustomer' && BigInt(other.counter) > BigInt(operation.counter);
  });
}

async function dismissOne(commerce: CommerceSite, operation: CustomerOperation, asker: Asker): Promise<void> {
  const now = commerce.site.surroundings.now().toISOString();
  const dismissal = { at: now, actor: asker.actor, reason: asker.reason ?? '' };
  if (operation.status === 'conflict' && operation.errorId !== null)
    return dismissInConflict(commerce, operation.id, dismissal, asker);
  return changeFitting(commerce.database, operation.id, 'dismiss', asker.actor, () => ({
    kind: 'dismiss',
    ...dismissal,
  }));
}

/** With its synchronization error, in one recording. */
async function dismissInConflict(
  commerce: CommerceSite,
  id: string,
  dismissal: NonNullable<CustomerOperation['dismissal']>,
  asker: Asker,
): Promise<void> {
  const { site, memory, database } = commerce;
  const seen = await requireOperation(database, id);
  const lane = laneFor(commerce, seen.channel, seen.part);
  await inActionLane(site, memory, lane, async (context) => {
    const operation = await requireOperation(database, id);
    refuseUnfit(operation, 'dismiss', asker.actor);
    const { errorId, couplingId } = operation;
    const run = singleRun(site, lane, 'resolve', 'resolution', asker, null, { operation: id, action: 'dismiss' });
    const coupling =
      couplingId === null ? undefined : (await context.database.couplingsById([couplingId])).get(couplingId);
    const builder = recordingBuilder(lane, context.prepared, () => context.database.newId());
    await run.ensureJob();
    const { jobId } = run.identity;
    if (errorId !== null) {
      const keys = { hq: coupling?.hqKey ?? null, channel: coupling?.channelKey ?? null };
      const logId = builder.log(
        { id: couplingId, keys },
        { ...run.identity, action: 'resolved', code: 'dismiss', params: { code: operation.code }, errorId },
      );
      const { actor, reason } = asker;
      const resolution = {
        action: 'dismiss' as const,
        winner: null,
        fields: null,
        actor,
        reason,
        jobId,
        logIds: [logId],
      };
      builder.parts.resolve.push({ errorId, resolution });
    }
    const parts = builder.build();
    const { code, params } = operation;
    const ended = {
      id,
      status: 'dismissed',
      jobId,
      code,
      params,
      couplingId: null,
      account: null,
      found: null,
    } as const;
    parts.operations = [{ ...ended, ...PLAIN_OUTCOME, record: null, dismissal }];
    await recordParts(context, run, parts);
    await run.finish('succeeded');
  });
}

/** Again what it was; it is due at once. What was dismissed along with a create stays so, and is told. */
export async function reopenOperation(commerce: CommerceSite, id: string, asker: Asker): Promise<Reopened> {
  let dismissed: CustomerOperation | null = null;
  await changeFitting(commerce.database, id, 'reopen', asker.actor, (operation) => {
    dismissed = operation;
    return { kind: 'reopen' };
  });
  return { left: dismissed === null ? [] : await dismissedAlong(commerce, dismissed) };
}

async function dismissedAlong(
  { database }: CommerceSite,
  { channel, guid, name, dismissal }: CustomerOperation,
): Promise<readonly CustomerOperation[]> {
  if (name !== 'createCustomer' || guid === null || dismissal === null) return [];
  return (await database.dismissedOperationsOf(channel, guid)).filter(
    (other) =>
      !isMalformed(other) && other.dismissal?.actor === dismissal.actor && other.dismissal.reason === dismissal.reason,
  );
}
