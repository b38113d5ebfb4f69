/** Coupling by match or by a list of pairs, and uncoupling in bulk: jobs with a result per record. */
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { keyText, type RecordKey } from '../../domain/record.ts';
import type { LanePresenter } from '../../ports/mapping-presenter.ts';
import type { Lane } from '../../ports/store.ts';
import { answerJob } from '../answer-job.ts';
import type { Server } from '../typed-server.ts';
import { couplingFilterOf } from '../coupling-filter.ts';
import { PROBLEMS } from '../describe-api.ts';
import { isDryRun } from '../is-dry-run.ts';
import { invalid, Problem } from '../problem.ts';
import { readKey, requireLanes } from '../read-keys.ts';
import { readPairs } from '../read-pairs.ts';
import { LARGEST_LIST_BYTES } from '../read-request.ts';
import { CoupleBodySchema, type UncoupleBody, UncoupleBodySchema } from '../schemas/couplings.ts';
import { DryRunQuerySchema, JobSchema } from '../schemas/jobs.ts';
import { MOST_ITEMS, text } from '../schemas/query.ts';
import type { ServerDeps } from '../server-deps.ts';

const tags = ['Couplings'];
const params = z.object({ mapping: z.string() });
const MOST_COUPLINGS = 100_000;

export function registerBulkCoupling(api: Server, deps: ServerDeps): void {
  registerCouple(api, deps);
  registerUncouple(api, deps);
}

function registerCouple(api: Server, deps: ServerDeps): void {
  api.post(
    '/mappings/:mapping/couple',
    {
      bodyLimit: LARGEST_LIST_BYTES,
      schema: {
        operationId: 'coupleMapping',
        summary: 'Couple all uncoupled records that match, or a list of pairs',
        description:
          'Without `pairs`, records are coupled by the `match` of the mapping; ambiguous ones list their candidates. ' +
          'The pairs may be CSV (`text/csv`): columns `hqKey` and `channelKey`, or `hqKey.COLUMN` for each column of a key, and `winner`.',
        tags,
        params,
        querystring: z.strictObject({
          ...DryRunQuerySchema.shape,
          channel: text.optional().meta({ description: 'For CSV, which has no other place for it.' }),
        }),
        body: CoupleBodySchema.or(z.string()).meta({ description: 'JSON, or the pairs as CSV.' }),
        response: { 200: JobSchema, 202: JobSchema, ...PROBLEMS },
      },
    },
    async (request, reply) => {
      const body = typeof request.body === 'string' ? { pairsText: request.body } : request.body;
      const given = typeof request.body === 'string' ? null : request.body;
      const channel = given?.channel ?? request.query.channel;
      const lanes = requireLanes(deps.presenter, request.params.mapping, channel);
      const dryRun = isDryRun(request);
      const byPairs = 'pairsText' in body || given?.pairs !== undefined;
      if (byPairs && given?.createUnmatched !== undefined)
        throw invalid('body', '/createUnmatched', 'does not go with pairs');
      const lane = byPairs ? await requireOneLane(deps, lanes) : null;
      return answerJob(deps, request, reply, {
        kind: 'couple',
        mapping: request.params.mapping,
        channel: channel ?? lane?.lane.channel ?? null,
        dryRun,
        body: {
          createUnmatched: given?.createUnmatched,
          pairs:
            lane === null ? undefined : readPairs(lane, 'pairsText' in body ? body.pairsText : (given?.pairs ?? [])),
          reason: given?.reason,
        },
      });
    },
  );
}

async function requireOneLane(deps: ServerDeps, lanes: readonly Lane[]): Promise<LanePresenter> {
  const [lane] = lanes;
  if (lane === undefined || lanes.length > 1)
    throw invalid('body', '/channel', 'must be named: the mapping has several channels');
  return deps.presenter.lane(lane);
}

function registerUncouple(api: Server, deps: ServerDeps): void {
  api.post(
    '/mappings/:mapping/uncouple',
    {
      bodyLimit: LARGEST_LIST_BYTES,
      config: { needs: 'admin' },
      schema: {
        operationId: 'uncoupleMapping',
        summary: 'Remove many couplings; all records stay as they are',
        description:
          'All of the mapping, those of some HQ records, or those that a filter of `GET /couplings` selects.',
        tags,
        params,
        querystring: DryRunQuerySchema,
        body: UncoupleBodySchema,
        response: { 200: JobSchema, 202: JobSchema, ...PROBLEMS },
      },
    },
    async (request, reply) => {
      const { body } = request;
      const ways = [body.all, body.hqKeys, body.filter].filter((way) => way !== undefined);
      if (ways.length !== 1) throw invalid('body', '', 'needs exactly one of all, hqKeys and filter');
      if (body.filter !== undefined && Object.values(body.filter).every((value) => value === undefined))
        throw invalid('body', '/filter', 'may not be empty; {"all": true} uncouples all of the mapping');
      const lanes = requireLanes(deps.presenter, request.params.mapping, body.channel);
      const couplingIds = body.all === true ? null : await selectCouplings(deps, request, lanes, body);
      const count = couplingIds?.length ?? 0;
      if (body.expect !== undefined && couplingIds !== null && body.expect !== count) {
        throw new Problem('count-changed', { params: { count, expected: body.expect }, extra: { count } });
      }
      return answerJob(deps, request, reply, {
        kind: 'uncouple',
        mapping: request.params.mapping,
        channel: body.channel ?? null,
        dryRun: isDryRun(request),
        body: { ...(couplingIds === null ? { all: true } : { couplingIds: [...couplingIds] }), reason: body.reason },
      });
    },
  );
}

/** Settled when the request is accepted: what the filter selects later stays coupled. */
async function selectCouplings(
  deps: ServerDeps,
  request: FastifyRequest<{ Params: { mapping: string } }>,
  lanes: readonly Lane[],
  body: UncoupleBody,
): Promise<readonly string[]> {
  if (body.hqKeys !== undefined) return couplingsOfKeys(deps, lanes, body.hqKeys);
  const filter = await couplingFilterOf(deps.presenter, {
    ...body.filter,
    mapping: [request.params.mapping],
    ...(body.channel !== undefined && { channel: [body.channel] }),
  });
  const selected: string[] = [];
  let cursor: string | null = null;
  do {
    const page = await deps.queries.couplings(filter, { limit: MOST_ITEMS, cursor, sort: 'createdAt', count: false });
    selected.push(...page.items.map(({ id }) => id));
    cursor = page.nextCursor;
    if (selected.length > MOST_COUPLINGS) throw new Problem('payload-too-large', { params: { limit: MOST_COUPLINGS } });
  } while (cursor !== null);
  return selected;
}

async function couplingsOfKeys(
  deps: ServerDeps,
  lanes: readonly Lane[],
  hqKeys: readonly unknown[],
): Promise<readonly string[]> {
  const selected: string[] = [];
  const missing = new Map<string, RecordKey>();
  const found = new Set<string>();
  for (const lane of lanes) {
    const shown = await deps.presenter.lane(lane);
    const keys = hqKeys.map((key, at) => readKey(shown, 'hq', key, `/hqKeys/${at}`));
    for (const key of keys) missing.set(keyText(key), key);
    const couplings = await deps.couplings.couplingsByKey(lane, 'hq', keys);
    for (const [key, coupling] of couplings) {
      found.add(key);
      if (coupling.status !== 'ended') selected.push(coupling.id);
    }
  }
  const [lost] = [...missing].filter(([key]) => !found.has(key));
  if (lost !== undefined) throw new Problem('coupling-not-found', { params: { key: [...lost[1]] } });
  return selected;
}
