/** Coupling in bulk: by match, or by a list of pairs; and uncoupling in bulk. Each leaves a result per record. */
import { PLAIN_RUN } from '../domain/pair.ts';
import { keyText, type RecordKey, type Side, SIDES } from '../domain/record.ts';
import type { Coupling, JobResult } from '../ports/coupling-database.ts';
import { ActionRefused } from '../ports/synchronizer.ts';
import { coupleInContext } from './couple-records.ts';
import type { WorkItem } from './gather-pairs.ts';
import type { LaneContext } from './lane-context.ts';
import { countPreview, pairsSeen, writePreview } from './preview-lane.ts';
import { endCoupling } from './remove-coupling.ts';
import type { SingleRun } from './single-run.ts';
import type { Subject } from './subject.ts';
import { type BatchOptions, carryOut, planBatch, recordParts } from './work-batch.ts';
import { BATCH_RECORDS } from './work-lane.ts';
import { recordingBuilder } from './build-recording.ts';

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
  for (const side of SIDES) {
    const table = context.tables[side];
    for (
      let page = await table.scan(null, BATCH_RECORDS);
      page.length > 0;
      page = await table.scan(page.at(-1)?.key ?? null, BATCH_RECORDS)
    ) {
      if (await request.stop()) return false;
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

export async function couplePairs(
  context: LaneContext,
  run: SingleRun,
  pairs: readonly PairToCouple[],
  dryRun: boolean,
  stop: () => Promise<boolean>,
): Promise<boolean> {
  for (const pair of pairs) {
    if (await stop()) return false;
    await withResult(context, run, pair, async () => {
      const result = await coupleInContext(context, run, { ...pair, createIn: null, dryRun, answers: null });
      return { couplingId: dryRun ? null : result.couplingId, writes: [...result.writes] };
    });
  }
  return true;
}

export async function uncoupleAll(
  context: LaneContext,
  run: SingleRun,
  couplings: readonly Coupling[],
  dryRun: boolean,
  stop: () => Promise<boolean>,
): Promise<boolean> {
  for (const coupling of couplings) {
    if (await stop()) return false;
    await withResult(context, run, { hqKey: coupling.hqKey, channelKey: coupling.channelKey }, async () => {
      if (!dryRun) {
        const error = coupling.errorId ? await context.database.errorById(coupling.errorId) : null;
        await endCoupling(context, run, coupling, error?.status === 'open' ? error : null);
      }
      run.counters.uncoupled += 1;
      return { couplingId: coupling.id, writes: null };
    });
  }
  return true;
}

/** One item of bulk work: what it refuses is its result and stops nothing. */
async function withResult(
  context: LaneContext,
  run: SingleRun,
  keys: { readonly hqKey: RecordKey | null; readonly channelKey: RecordKey | null },
  work: () => Promise<Pick<JobResult, 'couplingId' | 'writes'>>,
): Promise<void> {
  const result: JobResult = {
    status: 'succeeded',
    code: null,
    params: {},
    errorId: null,
    couplingId: null,
    ...keys,
    candidates: [],
    writes: null,
  };
  try {
    Object.assign(result, await work());
  } catch (fault) {
    if (!(fault instanceof ActionRefused)) throw fault;
    Object.assign(result, { status: 'failed', code: fault.code, params: fault.params });
  }
  await recordResults(context, run, [result]);
}

async function recordResults(context: LaneContext, run: SingleRun, results: readonly JobResult[]): Promise<void> {
  const parts = recordingBuilder(context.lane, context.prepared, () => context.database.newId()).build();
  parts.results.push(...results);
  await recordParts(context, run, parts);
}
