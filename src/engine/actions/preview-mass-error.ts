/** What an answer to a mass error would do to the first of the records that it holds; nothing is written. */
import type { Json, Side } from '../../domain/record.ts';
import { keyToJson } from '../../domain/value-json.ts';
import type { ActionResult, Dependent, ForeseenError } from '../../ports/synchronizer.ts';
import type { Subject } from '../batch/subject.ts';
import { findDependents } from '../batch/view-pair.ts';
import { type BatchOptions, planBatch } from '../batch/work-batch.ts';
import type { LaneContext } from '../lane/lane-context.ts';
import type { Site } from '../lane/site.ts';
import { type Held, statesOf } from '../run/held-by-error.ts';
import { writePreview } from '../run/preview-lane.ts';
import type { SingleRun } from '../run/single-run.ts';
import { itemsOf, type LaneRequest } from '../run/work-lane.ts';

/** A page: whoever wants to see them all lists the records of the error. */
const MOST_RECORDS = 500;
const MOST_DEPENDENTS = 100;

export async function previewMassAnswer(
  site: Site,
  context: LaneContext,
  run: SingleRun,
  held: Held,
  asked: LaneRequest,
  options: BatchOptions,
): Promise<ActionResult> {
  const pending = await context.database.takePending(context.lane, statesOf(held), null, MOST_RECORDS);
  const changes = pending.filter(({ side }) => held.side === null || side === held.side);
  const { subjects } = await planBatch(context, run.identity, itemsOf(asked, changes), options);
  return {
    outcome: 'succeeded',
    jobId: null,
    writes: subjects.flatMap((subject) => subject.writes.map((write) => writePreview(context, write))),
    dependents: await dependentsOf(site, context, subjects),
    errors: subjects.flatMap((subject) => foreseenError(context, subject)),
  };
}

async function dependentsOf(site: Site, context: LaneContext, subjects: readonly Subject[]): Promise<Dependent[]> {
  const dependents: Dependent[] = [];
  for (const { couplingId, writes } of subjects) {
    if (dependents.length >= MOST_DEPENDENTS) break;
    if (writes.some(({ write }) => write.operation === 'delete' || write.operation === 'restore'))
      dependents.push(...(await findDependents(site, context, { couplingId })));
  }
  return dependents.slice(0, MOST_DEPENDENTS);
}

function foreseenError({ prepared }: LaneContext, { verdict, pair, keys }: Subject): readonly ForeseenError[] {
  if (verdict.kind !== 'found') return [];
  const key = (side: Side): Json => {
    const types = prepared.sides[side].key.map((at) => prepared.sides[side].types[at]!);
    const known = keys[side];
    return known && keyToJson(prepared.mapping[side].key, types, known);
  };
  const { kind, code, params } = verdict.finding;
  return [
    {
      couplingId: pair?.coupling.id ?? null,
      hqKey: key('hq'),
      channelKey: key('channel'),
      description: pair?.coupling.hqDescription || (pair?.coupling.channelDescription ?? ''),
      kind,
      code,
      params,
    },
  ];
}
