/** Stores, overview, verification, the check of the set-up. */
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Json } from '../../domain/record.ts';
import { describeCode } from '../../domain/describe-change.ts';
import { entryOf, isErrorCode } from '../../errors/catalogue.ts';
import type { LaneView, StoreState } from '../../ports/queries.ts';
import { answerJob } from '../answer-job.ts';
import { askerOf } from '../asker.ts';
import type { Server } from '../typed-server.ts';
import { PROBLEMS } from '../describe-api.ts';
import { nextRunOf, scheduleText } from '../present/present-mapping.ts';
import { Problem } from '../problem.ts';
import { requireLanes } from '../read-keys.ts';
import { readVerification } from '../read-verification.ts';
import { CheckBodySchema, JobSchema, VerifyBodySchema } from '../schemas/jobs.ts';
import {
  type OverviewDocument,
  OverviewSchema,
  type StoreDocument,
  StorePauseBodySchema,
  StoreSchema,
  StoresSchema,
  VerificationSchema,
} from '../schemas/stores.ts';
import type { ServerDeps } from '../server-deps.ts';

const tags = ['Stores and overview'];

export function registerStores(api: Server, deps: ServerDeps): void {
  registerReading(api, deps);
  registerPausing(api, deps);
  registerProving(api, deps);
}

function registerReading(api: Server, deps: ServerDeps): void {
  api.get(
    '/stores',
    {
      schema: {
        operationId: 'listStores',
        summary: 'List the stores, HQ first, with what is wrong with their set-up',
        tags,
        querystring: z.strictObject({}),
        response: { 200: StoresSchema, ...PROBLEMS },
      },
    },
    () => readStores(deps),
  );

  api.get(
    '/overview',
    {
      schema: {
        operationId: 'getOverview',
        summary: 'See at a glance how everything stands',
        tags,
        querystring: z.strictObject({}),
        response: { 200: OverviewSchema, ...PROBLEMS },
      },
    },
    () => readOverview(deps),
  );
}

/** A start is answered before its first look at the stores is over; one that is away keeps that look this long at most. */
const FIRST_LOOK_MS = 10_000;

async function readStores({ queries, presenter, firstLook }: ServerDeps): Promise<StoreDocument[]> {
  const hq = { side: 'hq', channel: null, name: presenter.hqName } as const;
  const channels = presenter.channels.map(({ channel, name }) => ({ side: 'channel', channel, name }) as const);
  const stores = [hq, ...channels];
  const knownOf = (states: readonly StoreState[], { side, channel }: (typeof stores)[number]): StoreState | undefined =>
    states.find((state) => state.side === side && state.channel === channel);
  let states = await queries.storeStates();
  if (firstLook && stores.some((store) => knownOf(states, store) === undefined)) {
    await Promise.race([firstLook, sleep(FIRST_LOOK_MS, undefined, { ref: false })]);
    states = await queries.storeStates();
  }
  return stores.map((store) => {
    const known = knownOf(states, store);
    return {
      ...store,
      // As long as no worker has looked, nobody can say that the store is there.
      state: known?.state ?? 'unreachable',
      since: known?.since ?? null,
      captureInstalled: known?.captureInstalled ?? false,
      problems: problemsOf(known),
    };
  });
}

function problemsOf(state: StoreState | undefined): StoreDocument['problems'] {
  const problems = Array.isArray(state?.problems) ? state.problems : [];
  return problems.flatMap((problem) => {
    if (typeof problem !== 'object' || problem === null || Array.isArray(problem) || typeof problem.code !== 'string')
      return [];
    const params =
      typeof problem.params === 'object' && problem.params !== null && !Array.isArray(problem.params)
        ? problem.params
        : {};
    return [
      {
        code: problem.code,
        params,
        mapping: textOrNull(problem.mapping),
        message: textOrNull(problem.message) ?? describeCode(problem.code, params),
        remedy: textOrNull(problem.remedy) ?? (isErrorCode(problem.code) ? entryOf(problem.code).remedy : null),
        line: typeof problem.line === 'number' ? problem.line : null,
      },
    ];
  });
}

const textOrNull = (json: Json | undefined): string | null => (typeof json === 'string' ? json : null);

async function readOverview(deps: ServerDeps): Promise<OverviewDocument> {
  const { queries, presenter } = deps;
  const [lanes, openErrors, history, failedOperations] = await Promise.all([
    queries.lanes(null),
    queries.openErrorsByKind(),
    queries.history(),
    deps.failedOperations?.() ?? 0,
  ]);
  return {
    couplings: couplingsByMapping(deps, lanes),
    openErrors: { ...openErrors },
    failedOperations,
    lag: lanes.map(({ state: { lane }, lagSeconds, backlog }) => ({
      mapping: lane.mapping,
      channel: lane.channel,
      channelName: presenter.channelName(lane.channel),
      lagSeconds: { ...lagSeconds },
      backlog: { ...backlog },
    })),
    nextRuns: presenter.mappings
      .filter(({ enabled }) => enabled)
      .map((mapping) => ({
        mapping: mapping.name,
        label: mapping.label,
        schedule: scheduleText(deps.lanes.scheduleOf(mapping)),
        nextRunAt: nextRunOf(deps, lanes, mapping),
      })),
    history: history.map(({ hour, changes, writes, errors }) => ({ hour, changes, writes, errors })),
  };
}

function couplingsByMapping({ presenter }: ServerDeps, lanes: readonly LaneView[]): OverviewDocument['couplings'] {
  const names = [
    ...new Set([...presenter.mappings.map(({ name }) => name), ...lanes.map(({ state }) => state.lane.mapping)]),
  ];
  return names.map((mapping) => {
    const statuses: OverviewDocument['couplings'][number]['statuses'] = {};
    for (const { state, couplings } of lanes) {
      if (state.lane.mapping !== mapping) continue;
      for (const [status, count] of Object.entries(couplings) as [keyof typeof statuses, number][]) {
        statuses[status] = (statuses[status] ?? 0) + count;
      }
    }
    return { mapping, label: presenter.mapping(mapping)?.label ?? mapping, statuses };
  });
}

function registerPausing(api: Server, deps: ServerDeps): void {
  const words = {
    pause: ['pauseChannel', 'Pause all mappings of a channel'],
    resume: ['resumeChannel', 'Resume all mappings of a channel'],
  } as const;
  for (const verb of ['pause', 'resume'] as const) {
    api.post(
      `/stores/:channel/${verb}`,
      {
        config: { needs: 'admin' },
        schema: {
          operationId: words[verb][0],
          summary: words[verb][1],
          tags,
          params: z.object({ channel: z.string() }),
          body: StorePauseBodySchema,
          response: { 200: StoreSchema, ...PROBLEMS },
        },
      },
      async (request) => {
        const { channel } = request.params;
        const found = (await readStores(deps)).find((store) => store.channel === channel);
        if (found === undefined) throw new Problem('channel-not-found', { params: { channel } });
        const lanes = deps.presenter.lanes({ channel });
        const asker = askerOf(request, request.body.reason);
        if (verb === 'pause') await deps.lanes.pause(lanes, asker);
        else await deps.lanes.resume(lanes, null, asker);
        return found;
      },
    );
  }
}

function registerProving(api: Server, deps: ServerDeps): void {
  api.post(
    '/check',
    {
      schema: {
        operationId: 'checkSetUp',
        summary: 'Check the configuration against the stores',
        tags,
        body: CheckBodySchema,
        response: { 200: JobSchema, 202: JobSchema, ...PROBLEMS },
      },
    },
    (request, reply) => answerJob(deps, request, reply, { kind: 'check', body: { reason: request.body.reason } }),
  );

  api.post(
    '/verify',
    {
      schema: {
        operationId: 'verify',
        summary: 'Prove that both stores agree with the couplings',
        description: 'The results of the job are the pairs that do not.',
        tags,
        body: VerifyBodySchema,
        response: { 200: JobSchema, 202: JobSchema, ...PROBLEMS },
      },
    },
    (request, reply) => {
      const { mapping, channel, reason } = request.body;
      if (mapping !== undefined) requireLanes(deps.presenter, mapping, channel);
      else if (channel !== undefined && deps.presenter.lanes({ channel }).length === 0)
        throw new Problem('channel-not-found', { params: { channel } });
      return answerJob(deps, request, reply, {
        kind: 'verify',
        mapping: mapping ?? null,
        channel: channel ?? null,
        body: { reason },
      });
    },
  );

  api.get(
    '/verification',
    {
      schema: {
        operationId: 'getVerification',
        summary: 'See how far it is proven that both stores agree',
        tags,
        querystring: z.strictObject({}),
        response: { 200: VerificationSchema, ...PROBLEMS },
      },
    },
    () => readVerification(deps),
  );
}
