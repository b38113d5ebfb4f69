/** A dry run: the same plan as a run would make, kept as results of the job and carried no further. */
import type { Json, Value } from '../../domain/record.ts';
import { directionTo, keyText, SIDES } from '../../domain/record.ts';
import { keyToJson, valueToJson } from '../../domain/value-json.ts';
import type { JobResult } from '../../ports/coupling-database.ts';
import type { WritePreview } from '../../ports/synchronizer.ts';
import { emptyParts } from '../batch/build-recording.ts';
import type { WorkItem } from '../batch/gather-pairs.ts';
import { countFinding } from '../batch/settle-subjects.ts';
import type { PlannedWrite, Subject } from '../batch/subject.ts';
import { type BatchOptions, planBatch, type Run } from '../batch/work-batch.ts';
import type { LaneContext } from '../lane/lane-context.ts';
import type { LaneRun } from './lane-run.ts';
import { BATCH_RECORDS, createSides, decideOptionsOf, type LaneRequest } from './work-lane.ts';

export async function previewLane(context: LaneContext, run: LaneRun, request: LaneRequest): Promise<void> {
  await run.ensureJob();
  const options: BatchOptions = {
    decide: decideOptionsOf(request),
    deletions: 'carryOut',
    errorId: null,
    lone: {
      createIn: createSides(context, request.direction),
      match: !context.prepared.mapping.coupledOnly,
      byHand: false,
    },
    resolution: null,
    withResults: true,
    late: new Set(),
    expectEmpty: false,
    truncated: new Set(),
  };
  const seen = pairsSeen();
  for await (const items of itemsOf(context, request)) {
    if (await request.stop()) return;
    const { subjects } = await planBatch(context, run.identity, items, options);
    context.foreseen?.note(
      context.lane.mapping,
      subjects.filter((subject) => isNewPair(subject) || creates(subject)),
    );
    const results = subjects
      .filter((subject) => subject.writes.length > 0 || subject.verdict.kind === 'found' || isNewPair(subject))
      .filter((subject) => seen.isFirst(subject))
      .map((subject) => resultOf(context, run, subject));
    if (results.length > 0) await recordResults(context, run, results);
  }
}

/** Two records that match and have no coupling yet. */
const isNewPair = (subject: Subject): boolean => subject.pair !== null && subject.loneSide !== null;

const creates = (subject: Subject): boolean => subject.pair === null && subject.writes.length > 0;

/** Nothing is written, so a pair that was found from one side is found from the other once more. */
export function pairsSeen(): { isFirst(subject: Subject): boolean } {
  const seen = new Set<string>();
  return {
    isFirst({ pair, keys }) {
      if (!pair || !keys.hq || !keys.channel) return true;
      const name = `${keyText(keys.hq)} ${keyText(keys.channel)}`;
      if (seen.has(name)) return false;
      seen.add(name);
      return true;
    },
  };
}

async function* itemsOf(context: LaneContext, request: LaneRequest): AsyncGenerator<WorkItem[]> {
  const { database, lane } = context;
  if (request.scope === 'modified') {
    for (let after: string | null = null; ; ) {
      const changes = await database.takePending(lane, ['due', 'waiting', 'deletion'], after, BATCH_RECORDS);
      const last = changes.at(-1);
      if (!last) return;
      after = last.id;
      yield changes.map((pending) => ({ side: pending.side, key: pending.key, pending }));
    }
  }
  for (let after: string | null = null; ; ) {
    const couplings = await database.scanCouplings(lane, after, BATCH_RECORDS);
    const last = couplings.at(-1);
    if (!last) break;
    after = last.id;
    yield couplings.map((coupling) => ({ side: 'hq', key: coupling.hqKey, pending: null }));
  }
  for (const side of SIDES) {
    for (
      let page = await context.tables[side].scan(null, BATCH_RECORDS);
      page.length > 0;
      page = await context.tables[side].scan(page.at(-1)?.key ?? null, BATCH_RECORDS)
    ) {
      const coupled = await database.couplingsByKey(
        lane,
        side,
        page.map((record) => record.key),
      );
      const items = page.filter((record) => record.inFilter && !coupled.has(keyText(record.key)));
      if (items.length > 0) yield items.map((record) => ({ side, key: record.key, pending: null, record }));
    }
  }
}

/** As if it had been written. */
export function countPreview(context: LaneContext, { counters }: Pick<Run, 'counters'>, subject: Subject): void {
  for (const { side, write } of subject.writes) {
    const towards = counters[directionTo(side)];
    if (write.operation === 'delete') towards.deleted += 1;
    else if (write.operation === 'update') towards.modified += 1;
    else towards.inserted += 1;
  }
  countFinding({ context, counters }, subject);
  if (isNewPair(subject) || creates(subject)) counters.coupled += 1;
}

function resultOf(context: LaneContext, run: Run, subject: Subject): JobResult {
  const found = subject.verdict.kind === 'found' ? subject.verdict.finding : null;
  countPreview(context, run, subject);
  return {
    status: found ? 'failed' : 'succeeded',
    code: found?.code ?? (isNewPair(subject) ? 'would-couple' : creates(subject) ? 'would-create' : null),
    params: found?.params ?? {},
    errorId: subject.openErrors[0]?.id ?? null,
    couplingId: subject.pair && subject.loneSide === null ? subject.couplingId : null,
    hqKey: subject.keys.hq,
    channelKey: subject.keys.channel,
    candidates: found?.candidates ?? [],
    writes: subject.writes.map((write) => writePreview(context, write)),
  };
}

/** What a write would do, in the form of the API. */
export function writePreview(context: LaneContext, planned: PlannedWrite): WritePreview {
  const { side, write, subject, note } = planned;
  const { prepared } = context;
  const key = write.operation === 'insert' ? null : write.key;
  const columns = prepared.mapping[side].key;
  const keyTypes = prepared.sides[side].key.map((at) => prepared.sides[side].types[at]!);
  const json = (index: number, value: Value): Json =>
    valueToJson(prepared.fields[index]?.type[side] ?? prepared.sides[side].types[0]!, value);
  const old = subject.pair?.now[side].values ?? null;
  const fields: { name: string; old: Json; new: Json }[] = [];
  if (write.operation === 'delete') {
    for (const field of prepared.fields)
      fields.push({ name: field.name, old: json(field.index, old?.[field.index] ?? null), new: null });
  } else {
    for (const noteField of note.fields) {
      const field = prepared.fields.find((candidate) => candidate.name === noteField.name);
      if (!field) continue;
      const at = field.columns[side].map((column) => prepared.sides[side].columns[column] as string);
      const value =
        at.length === 1
          ? (write.set.get(at[0] as string) ?? null)
          : at.some((column) => write.set.get(column) == null)
            ? null
            : JSON.stringify(at.map((column) => write.set.get(column)));
      fields.push({
        name: field.name,
        old: json(field.index, old?.[field.index] ?? null),
        new: json(field.index, value),
      });
    }
  }
  return {
    side,
    operation: write.operation,
    key: key ? keyToJson(columns, keyTypes, key) : null,
    fields,
  };
}

/** Under the lane's own job: where several lanes are previewed it says whose records they are. */
async function recordResults(context: LaneContext, run: LaneRun, results: JobResult[]): Promise<void> {
  await run.ensureJob();
  await context.database.record({
    ...emptyParts(),
    fence: context.fence,
    jobId: run.jobRowId ?? run.identity.jobId,
    results,
    progress: run.progress(),
  });
}
