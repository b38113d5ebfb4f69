/** Table mappings as they run; pausing them; records of one store with the reason why they are not coupled. */
import { z } from 'zod';
import { askerOf } from '../asker.ts';
import type { Server } from '../typed-server.ts';
import { InvalidCursor, type Page, type PageRequest } from '../../ports/queries.ts';
import { csvContent, PROBLEMS } from '../describe-api.ts';
import { formerMapping, presentMapping, type RunningFacts, runningFacts } from '../present/present-mapping.ts';
import { invalid, Problem } from '../problem.ts';
import { requireLanes } from '../read-keys.ts';
import { recordList } from '../search-records.ts';
import {
  ConfigurationHistorySchema,
  ConfigurationChangeSchema,
  MappingListSchema,
  MappingSchema,
  PauseBodySchema,
  RecordListSchema,
  RecordQuerySchema,
  ResumeBodySchema,
} from '../schemas/mappings.ts';
import { MOST_ITEMS, page } from '../schemas/query.ts';
import { serveList } from '../serve-list.ts';
import type { ServerDeps } from '../server-deps.ts';

const tags = ['Mappings'];
const params = z.object({ mapping: z.string() });

export function registerMappings(api: Server, deps: ServerDeps): void {
  registerReading(api, deps);
  registerPausing(api, deps);
  registerRecords(api, deps);
}

function registerReading(api: Server, deps: ServerDeps): void {
  api.get(
    '/mappings',
    {
      schema: {
        operationId: 'listMappings',
        summary: 'List table mappings',
        description: 'Those of the configuration in its order, then those that are gone from it (`notConfigured`).',
        tags,
        querystring: z.strictObject(page),
        response: { 200: csvContent(MappingListSchema), ...PROBLEMS },
      },
    },
    async (request, reply) => {
      const facts = await runningFacts(deps, null);
      const all = [
        ...deps.presenter.mappings.map((mapping) => presentMapping(deps, facts, mapping)),
        ...goneMappings(deps, facts),
      ];
      const query = { ...request.query, limit: request.query.limit ?? MOST_ITEMS };
      return serveList(request, reply, query, {
        name: 'mappings',
        schema: MappingSchema,
        read: async (asked) => slice(all, asked),
        present: async (items) => [...items],
      });
    },
  );

  api.get(
    '/mappings/:mapping',
    {
      schema: {
        operationId: 'getMapping',
        summary: 'Read one table mapping',
        tags,
        params,
        response: { 200: MappingSchema, ...PROBLEMS },
      },
    },
    (request) => readMapping(deps, request.params.mapping),
  );

  api.get(
    '/configuration/history',
    {
      schema: {
        operationId: 'listConfigurationHistory',
        summary: 'List changes of the configuration',
        tags,
        querystring: z.strictObject(page),
        response: { 200: ConfigurationHistorySchema, ...PROBLEMS },
      },
    },
    (request, reply) =>
      serveList(request, reply, request.query, {
        name: 'configuration-history',
        schema: ConfigurationChangeSchema,
        read: (asked) => deps.queries.configurationHistory(asked),
        present: async (items) => items.map(({ id, at, actor, difference }) => ({ id, at, actor, difference })),
      }),
  );
}

const goneMappings = (deps: ServerDeps, facts: RunningFacts) => {
  const names = new Set(
    facts.lanes.map(({ state }) => state.lane.mapping).filter((name) => deps.presenter.mapping(name) === null),
  );
  return [...names].toSorted().map((name) => formerMapping(deps, facts, name));
};

/** There are tens of mappings, never thousands: the place within the list is cursor enough. */
function slice<T>(all: readonly T[], { limit, cursor, count }: PageRequest): Page<T> {
  const from = cursor === null ? 0 : Number(/^m(\d{1,6})$/.exec(cursor)?.[1] ?? Number.NaN);
  if (!Number.isInteger(from)) throw new InvalidCursor();
  const until = from + limit;
  return {
    items: all.slice(from, until),
    nextCursor: until < all.length ? `m${until}` : null,
    total: count ? all.length : null,
  };
}

async function readMapping(deps: ServerDeps, name: string) {
  const facts = await runningFacts(deps, [name]);
  const mapping = deps.presenter.mapping(name);
  if (mapping !== null) return presentMapping(deps, facts, mapping);
  if (facts.lanes.length === 0) throw new Problem('mapping-not-found', { params: { mapping: name } });
  return formerMapping(deps, facts, name);
}

function registerPausing(api: Server, deps: ServerDeps): void {
  api.post(
    '/mappings/:mapping/pause',
    {
      config: { needs: 'admin' },
      schema: {
        operationId: 'pauseMapping',
        summary: 'Pause a mapping; nothing is lost meanwhile',
        tags,
        params,
        body: PauseBodySchema,
        response: { 200: MappingSchema, ...PROBLEMS },
      },
    },
    async (request) => {
      const lanes = requireLanes(deps.presenter, request.params.mapping, request.body.channel);
      await deps.lanes.pause(lanes, askerOf(request, request.body.reason));
      return readMapping(deps, request.params.mapping);
    },
  );

  api.post(
    '/mappings/:mapping/resume',
    {
      config: { needs: 'admin' },
      schema: {
        operationId: 'resumeMapping',
        summary: 'Resume a mapping that is paused or stopped',
        description:
          'A stopped mapping needs `lineage: compare`: a full run in which every difference becomes a conflict and nothing is deleted.',
        tags,
        params,
        body: ResumeBodySchema,
        response: { 200: MappingSchema, ...PROBLEMS },
      },
    },
    async (request) => {
      const { channel, lineage, reason } = request.body;
      const { mapping } = request.params;
      const lanes = requireLanes(deps.presenter, mapping, channel);
      const { lanes: views } = await runningFacts(deps, [mapping]);
      const stopped = views.find(
        ({ state }) => state.stopped !== null && lanes.some((lane) => lane.channel === state.lane.channel),
      );
      if (stopped !== undefined && lineage === undefined) {
        throw new Problem('mapping-stopped', { params: { mapping, reason: stopped.state.stopped?.code ?? '' } });
      }
      await deps.lanes.resume(lanes, lineage ?? null, askerOf(request, reason));
      return readMapping(deps, mapping);
    },
  );
}

function registerRecords(api: Server, deps: ServerDeps): void {
  api.get(
    '/mappings/:mapping/records',
    {
      schema: {
        operationId: 'listRecords',
        summary: 'List records of one store, and why they are not coupled',
        description:
          'Read in the store. `reason` and `coupled` look at the records found: a page may be short, or empty, and still have a next one. A `total` (`count=true`) is found by reading to the end.',
        tags,
        params,
        querystring: RecordQuerySchema,
        response: { 200: csvContent(RecordListSchema), ...PROBLEMS },
      },
    },
    async (request, reply) => {
      const lanes = requireLanes(deps.presenter, request.params.mapping, request.query.channel);
      const [lane] = lanes;
      if (lane === undefined || lanes.length > 1)
        throw invalid('query', '/channel', 'must be named: the mapping has several channels');
      return serveList(request, reply, request.query, recordList(deps, lane, request.query));
    },
  );
}
