/** The synchronization log, and taking back what it tells of. */
import { z } from 'zod';
import { describeCode } from '../../domain/describe-change.ts';
import type { LogFilter, LogView } from '../../ports/queries.ts';
import { ActionRefused } from '../../ports/synchronizer.ts';
import { answerJob } from '../answer-job.ts';
import { askerOf } from '../asker.ts';
import type { Server } from '../typed-server.ts';
import { csvContent, PROBLEMS } from '../describe-api.ts';
import { isDryRun } from '../is-dry-run.ts';
import { presentLog } from '../present/present-log-entry.ts';
import { presentPreview, presentWrites } from '../present/present-preview.ts';
import { NO_LOG_FILTER } from '../no-filter.ts';
import { invalid, Problem } from '../problem.ts';
import { readKeyFilter, requireConfigured, requireId } from '../read-keys.ts';
import { LARGEST_LIST_BYTES } from '../read-request.ts';
import { requireKnownFields } from '../require-known-fields.ts';
import { DryRunQuerySchema, JobSchema } from '../schemas/jobs.ts';
import {
  BulkRevertBodySchema,
  LogEntrySchema,
  LogListQuerySchema,
  LogListSchema,
  RevertAnswerSchema,
  RevertBodySchema,
} from '../schemas/synchronization-log.ts';
import { PreviewSchema } from '../schemas/words.ts';
import { selectLogEntries } from '../select-log-entries.ts';
import { serveList } from '../serve-list.ts';
import type { ServerDeps } from '../server-deps.ts';

const tags = ['Synchronization log'];
const idParams = z.object({ id: z.string().meta({ format: 'uuid' }) });

export function registerSynchronizationLog(api: Server, deps: ServerDeps): void {
  registerList(api, deps);
  registerRevert(api, deps);
  registerBulkRevert(api, deps);
}

function registerList(api: Server, { queries, presenter }: ServerDeps): void {
  api.get(
    '/synchronization-log',
    {
      schema: {
        operationId: 'listSynchronizationLog',
        summary: 'List what was done to records',
        description: 'Newest first. The log outlives couplings and records.',
        tags,
        querystring: LogListQuerySchema,
        response: { 200: csvContent(LogListSchema), ...PROBLEMS },
      },
    },
    async (request, reply) => {
      const { query } = request;
      requireKnownFields(presenter, query.mapping, query.field);
      const filter: LogFilter = {
        ...NO_LOG_FILTER,
        mapping: query.mapping ?? null,
        channel: query.channel ?? null,
        couplingId: query.couplingId ?? null,
        jobId: query.jobId ?? null,
        errorId: query.errorId ?? null,
        field: query.field ?? null,
        actor: query.actor ?? null,
        action: query.action ?? null,
        cause: query.cause ?? null,
        q: query.q ?? null,
        side: query.side ?? null,
        key: await readKeyFilter(presenter, query.mapping, query.channel?.[0], query.side, query.key),
        since: query.since ?? null,
        until: query.until ?? null,
      };
      return serveList(request, reply, query, {
        name: 'synchronization-log',
        schema: LogEntrySchema,
        read: (asked) => queries.log(filter, asked),
        present: (items) => presentLog(presenter, items),
      });
    },
  );

  api.get(
    '/synchronization-log/:id',
    {
      schema: {
        operationId: 'getLogEntry',
        summary: 'Read one log entry',
        tags,
        params: idParams,
        response: { 200: LogEntrySchema, ...PROBLEMS },
      },
    },
    async (request) => presentEntry(presenter, await requireEntry({ queries }, request.params.id)),
  );
}

async function requireEntry({ queries }: Pick<ServerDeps, 'queries'>, id: string): Promise<LogView> {
  const entry = await queries.logEntryById(requireId(id, 'log-entry-not-found'));
  if (entry === null) throw new Problem('log-entry-not-found');
  return entry;
}

async function presentEntry(presenter: ServerDeps['presenter'], entry: LogView) {
  const [document] = await presentLog(presenter, [entry]);
  if (document === undefined) throw new Problem('log-entry-not-found');
  return document;
}

function registerRevert(api: Server, deps: ServerDeps): void {
  const { presenter, synchronizer } = deps;
  api.post(
    '/synchronization-log/:id/revert',
    {
      schema: {
        operationId: 'revertLogEntry',
        summary: 'Take back what one entry tells of, or preview that',
        description:
          'A resolution: both records as before it, its error open again. A write: taken back in both apps. A deletion: recreated and coupled again. ' +
          'Fields that have moved since: `412 stale-decision` with the difference. A revert is logged and can be reverted.',
        tags,
        params: idParams,
        querystring: DryRunQuerySchema,
        body: RevertBodySchema,
        response: { 200: z.union([RevertAnswerSchema, PreviewSchema]), ...PROBLEMS },
      },
    },
    async (request) => {
      const entry = await requireEntry(deps, request.params.id);
      await requireConfigured(presenter, entry.lane);
      const dryRun = isDryRun(request);
      const asker = { ...askerOf(request, request.body.reason), dryRun, jobId: null };
      const result = await refusedWithDifference(() => synchronizer.revert(entry.id, asker));
      if (dryRun) return presentPreview(result);
      const document = await presentEntry(presenter, await requireEntry(deps, entry.id));
      return {
        ...document,
        outcome: result.outcome,
        revertJobId: result.jobId,
        writes: presentWrites(result.writes),
        dependents: [...result.dependents],
      };
    },
  );
}

/** What has moved since stands in the problem document, where the engine names it. */
async function refusedWithDifference<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (fault) {
    if (!(fault instanceof ActionRefused) || fault.code !== 'stale-decision') throw fault;
    const differences = fault.params.difference ?? null;
    throw new Problem('stale-decision', {
      params: fault.params,
      detail: describeCode('stale-decision', fault.params),
      extra: { differences: Array.isArray(differences) ? differences : [] },
    });
  }
}

function registerBulkRevert(api: Server, deps: ServerDeps): void {
  api.post(
    '/synchronization-log/revert',
    {
      bodyLimit: LARGEST_LIST_BYTES,
      schema: {
        operationId: 'revertLogEntries',
        summary: 'Take back many entries, or all of a job, as a job',
        description: 'Newest first, with a result per entry; one that has moved since stops nothing.',
        tags,
        querystring: DryRunQuerySchema,
        body: BulkRevertBodySchema,
        response: { 200: JobSchema, 202: JobSchema, ...PROBLEMS },
      },
    },
    async (request, reply) => {
      const { body } = request;
      const ways = [body.jobId, body.ids, body.items].filter((way) => way !== undefined);
      if (ways.length !== 1) throw invalid('body', '', 'needs exactly one of jobId, ids and items');
      const ids = await selectLogEntries(deps, body);
      if (body.expect !== undefined && body.expect !== ids.length) {
        throw new Problem('count-changed', {
          params: { count: ids.length, expected: body.expect },
          extra: { count: ids.length },
        });
      }
      return answerJob(deps, request, reply, {
        kind: 'revert',
        dryRun: isDryRun(request),
        body: { items: ids.map((id) => ({ id })), reason: body.reason },
      });
    },
  );
}
