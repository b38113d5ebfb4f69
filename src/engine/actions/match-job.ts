/** Coupling in bulk: by match, or by a list of pairs; and uncoupling in bulk. Each leaves a result per record. */
import { PLAIN_RUN } from '../../domain/pair.ts';
import { keyText, type RecordKey, type Side, SIDES } from '../../domain/record.ts';
import type { JobResult } from '../../ports/coupling-database.ts';
import { ActionRefused } from '../../ports/synchronizer.ts';
import { recordingBuilder } from '../batch/build-recording.ts';
import type { WorkItem } from '../batch/gather-pairs.ts';
import type { Subject } from '../batch/subject.ts';
import { type BatchOptions, carryOut, planBatch, recordParts } from '../batch/work-batch.ts';
import type { LaneContext } from '../lane/lane-context.ts';
import { letsOthersIn } from '../lane/let-others-in.ts';
import { laneText } from '../lane/site.ts';
import { countPreview, pairsSeen, writePreview } from '../run/preview-lane.ts';
import type { SingleRun } from '../run/single-run.ts';
import { BATCH_RECORDS } from '../run/work-lane.ts';
import { coupleInContext } from './couple-records.ts';
import { endInRecording } from './remove-coupling.ts';

export interface MatchRequest {
  readonly createUnmatched: ReadonlySet<Side>;
  readonly dryRun: boolean;
  readonly stop: () => Promise<boolean>;
}

/** Couples all records without a partner that match one, also those that somebody uncoupled. */
export async function matchAll(context: LaneContext, run: SingleRun, request: MatchRequest): Promise<boolean> {
  const options: BatchOptions = {
    decide: PLAIN_RUN,
    deletions: 'ask',
    truncated: new Set(),
    errorId: null,
    lone: { createIn: request.createUnmatched, match: true, byHand: true },
    resolution: null,
    withResults: true,
    late: new Set(),
    expectEmpty: false,
  };
  const seen = pairsSeen();
  const letOthersIn = letsOthersIn(context);
  for (const side of SIDES) {
    const table = context.tables[side];
    for (
      let page = await table.scan(null, BATCH_RECORDS);
      page.length > 0;
      page = await table.scan(page.at(-1)?.key ?? null, BATCH_RECORDS)
    ) {
      if (await request.stop()) return false;
      await letOthersIn();
      const coupled = await context.database.couplingsByKey(
        context.lane,
        side,
        page.map((record) => record.key),
      );
      const items: WorkItem[] = page
        .filter((record) => record.inFilter && !coupled.has(keyText(record.key)))
        .map((record) => ({ side, key: record.key, pending: null, record }));
      if (items.length === 0) continue;
      const planned = await planBatch(context, run.identity, items, options);
      const subjects = request.dryRun ? planned.subjects.filter((subject) => seen.isFirst(subject)) : planned.subjects;
      count(context, run, subjects, request.dryRun);
      if (request.dryRun)
        await recordResults(
          context,
          run,
          subjects.map((subject) => previewResult(context, subject)),
        );
      else await carryOut(context, run, planned.plan, subjects, options);
    }
  }
  return true;
}

function count(context: LaneContext, run: SingleRun, subjects: readonly Subject[], dryRun: boolean): void {
  for (const subject of subjects) {
    if (dryRun) countPreview(context, run, subject);
    if (subject.pair || subject.verdict.kind === 'found') continue;
    if (subject.writes.length === 0) {
      if (subject.loneSide === 'hq') run.counters.unmatchedInHq += 1;
      else run.counters.unmatchedInChannel += 1;
    }
  }
}

function previewResult(context: LaneContext, subject: Subject): JobResult {
  const found = subject.verdict.kind === 'found' ? subject.verdict.finding : null;
  if (found?.code === 'match-ambiguous') subject.openErrors.length = 0;
  return {
    status: found ? 'failed' : subject.pair || subject.writes.length > 0 ? 'succeeded' : 'skipped',
    code: found?.code ?? (subject.pair ? 'would-couple' : subject.writes.length > 0 ? 'would-create' : 'unmatched'),
    params: found?.params ?? {},
    errorId: null,
    couplingId: null,
    hqKey: subject.keys.hq,
    channelKey: subject.keys.channel,
    candidates: found?.candidates ?? [],
    writes: subject.writes.map((write) => writePreview(context, write)),
  };
}

export interface PairToCouple {
  readonly hqKey: RecordKey;
  readonly channelKey: RecordKey;
  readonly winner: Side | null;
}

/** Of a job that was interrupted: pairs that have their result, and couplings that it made. */
export interface FormerPairs {
  readonly told: ReadonlySet<string>;
  readonly coupled: ReadonlySet<string>;
}

export async function couplePairs(
  context: LaneContext,
  run: SingleRun,
  pairs: readonly PairToCouple[],
  dryRun: boolean,
  stop: () => Promise<boolean>,
  former: FormerPairs,
): Promise<boolean> {
  const letOthersIn = letsOthersIn(context);
  for (const pair of pairs) {
    if (former.told.has(`${keyText(pair.hqKey)} ${keyText(pair.channelKey)}`)) continue;
    if (await stop()) return false;
    await letOthersIn();
    await withResult(context, run, pair, former, async () => {
      const result = await coupleInContext(context, run, { ...pair, createIn: null, dryRun, answers: null });
      return { couplingId: dryRun ? null : result.couplingId, writes: [...result.writes] };
    });
  }
  return true;
}

/** A page of them in one recording: ended, logged, and each with its result. */
export async function uncoupleAll(
  context: LaneContext,
  run: SingleRun,
  couplingIds: readonly string[],
  dryRun: boolean,
  stop: () => Promise<boolean>,
): Promise<boolean> {
  const { database, lane, prepared } = context;
  const letOthersIn = letsOthersIn(context);
  for (let at = 0; at < couplingIds.length; at += BATCH_RECORDS) {
    if (await stop()) return false;
    await letOthersIn();
    const found = await database.couplingsById(couplingIds.slice(at, at + BATCH_RECORDS));
    const couplings = [...found.values()].filter(
      (coupling) => coupling.status !== 'ended' && laneText(coupling.lane) === laneText(lane),
    );
    const errors = await database.errorsById(couplings.flatMap(({ errorId }) => errorId ?? []));
    const openErrors = new Map(errors.flatMap((error) => (error.status === 'open' ? [[error.id, error]] : [])));
    const builder = recordingBuilder(lane, prepared, () => database.newId());
    if (!dryRun)
      for (const coupling of couplings)
        endInRecording(run, builder, openErrors.get(coupling.errorId ?? '') ?? null, coupling);
    const parts = builder.build();
    parts.results.push(
      ...couplings.map(({ id, hqKey, channelKey }) => ({ ...blankResult({ hqKey, channelKey }), couplingId: id })),
    );
    await recordParts(context, run, parts);
    run.counters.uncoupled += couplings.length;
  }
  return true;
}

interface Keys {
  readonly hqKey: RecordKey | null;
  readonly channelKey: RecordKey | null;
}

const blankResult = (keys: Keys): JobResult => ({
  status: 'succeeded',
  code: null,
  params: {},
  errorId: null,
  couplingId: null,
  ...keys,
  candidates: [],
  writes: null,
});

/** One item of bulk work: what it refuses is its result and stops nothing. */
async function withResult(
  context: LaneContext,
  run: SingleRun,
  keys: Keys,
  former: FormerPairs,
  work: () => Promise<Pick<JobResult, 'couplingId' | 'writes'>>,
): Promise<void> {
  const result = blankResult(keys);
  try {
    Object.assign(result, await work());
  } catch (fault) {
    if (!(fault instanceof ActionRefused)) throw fault;
    if (isOwn(fault, keys, former)) Object.assign(result, { couplingId: fault.params['couplingId'] });
    else Object.assign(result, { status: 'failed', code: fault.code, params: fault.params });
  }
  await recordResults(context, run, [result]);
}

/** This very pair was coupled by this job, which was interrupted before it could say so. */
function isOwn({ code, params }: ActionRefused, { hqKey, channelKey }: Keys, { coupled }: FormerPairs): boolean {
  const { couplingId } = params;
  if (code !== 'already-coupled' || typeof couplingId !== 'string' || !coupled.has(couplingId)) return false;
  const wanted = params['side'] === 'hq' ? channelKey : hqKey;
  return JSON.stringify(params['partner']) === JSON.stringify(wanted);
}

async function recordResults(context: LaneContext, run: SingleRun, results: readonly JobResult[]): Promise<void> {
  const parts = recordingBuilder(context.lane, context.prepared, () => context.database.newId()).build();
  parts.results.push(...results);
  await recordParts(context, run, parts);
}
