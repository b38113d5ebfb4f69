/** One action, or one correction, for many customer operations: settled when it is accepted, carried out as a job. */
import type { Value } from '../../domain/record.ts';
import type { CustomerOperations, OperationBulk, ShownOperation } from '../../ports/customer-operations.ts';
import { answerJob } from '../answer-job.ts';
import { PROBLEMS } from '../describe-api.ts';
import { NO_OPERATION_FILTER, operationFilterOf } from '../operation-filter.ts';
import { invalid, Problem } from '../problem.ts';
import { isId } from '../read-keys.ts';
import { LARGEST_LIST_BYTES } from '../read-request.ts';
import { type OperationBulkBody, OperationBulkBodySchema } from '../schemas/customer-operations.ts';
import { JobSchema } from '../schemas/jobs.ts';
import { MOST_ITEMS } from '../schemas/query.ts';
import type { ServerDeps } from '../server-deps.ts';
import type { Server } from '../typed-server.ts';
import { laneOfOperation, readAttributes, revisionIn } from './commerce-operation-actions.ts';

const MOST_OPERATIONS = 100_000;

export function registerOperationBulk(api: Server, deps: ServerDeps, operations: CustomerOperations): void {
  api.post(
    '/customer-operations/bulk',
    {
      bodyLimit: LARGEST_LIST_BYTES,
      schema: {
        operationId: 'actOnCustomerOperations',
        summary: 'Act on many customer operations as a job',
        description:
          'Names the operations by `ids`, by `items` with their etags, or by `filter`. `save` is one correction for many of one kind. ' +
          'The job has a result per operation (`params.operation`); one that fails stops nothing.',
        tags: ['Customer operations'],
        body: OperationBulkBodySchema,
        response: { 200: JobSchema, 202: JobSchema, ...PROBLEMS },
      },
    },
    async (request, reply) => {
      const { body } = request;
      refuseIncomplete(body);
      const selected = await selectOperations(deps, operations, body);
      if (body.expect !== undefined && body.expect !== selected.length) {
        throw new Problem('count-changed', {
          params: { count: selected.length, expected: body.expect },
          extra: { count: selected.length },
        });
      }
      const values = body.attributes === undefined ? {} : await readForAll(deps, operations, selected, body.attributes);
      const revisions = new Map(body.items?.map(({ id, etag }) => [id.toLowerCase(), revisionIn(etag)]));
      const work: OperationBulk = {
        of: 'customer-operations',
        action: body.action,
        items: selected.map(({ id }) => ({ id, revision: revisions.get(id) ?? null })),
        values,
        reset: body.reset ?? [],
        reason: body.reason ?? null,
      };
      return answerJob(deps, request, reply, { kind: 'bulk', body: JSON.parse(JSON.stringify(work)) as never });
    },
  );
}

function refuseIncomplete(body: OperationBulkBody): void {
  const ways = [body.ids, body.items, body.filter].filter((way) => way !== undefined);
  if (ways.length !== 1) throw invalid('body', '', 'needs exactly one of ids, items and filter');
  const saves = body.attributes !== undefined || body.reset !== undefined;
  if (body.action === 'save' && !saves) throw invalid('body', '/attributes', 'must say what is to be saved');
  if (body.action !== 'save' && saves) throw invalid('body', '/attributes', 'is for save only');
  if (body.action === 'dismiss' && body.reason === undefined) throw invalid('body', '/reason', 'must be given');
  if (body.filter?.status?.includes('waiting')) throw invalid('body', '/filter/status', 'waiting cannot be acted upon');
  const empty = body.filter !== undefined && Object.values(body.filter).every((value) => value === undefined);
  if (empty && body.action !== 'synchronize') throw invalid('body', '/filter', 'may be empty for synchronize only');
}

type Selected = Pick<ShownOperation, 'id' | 'part' | 'channel'>;

/** Those that do not exist stay among them: each is a result of its own. */
async function selectOperations(
  { presenter }: ServerDeps,
  operations: CustomerOperations,
  body: OperationBulkBody,
): Promise<readonly Selected[]> {
  if (body.filter !== undefined) {
    const filter = operationFilterOf(presenter, operations, body.filter);
    const count = await operations.count(filter);
    if (count > MOST_OPERATIONS) throw new Problem('payload-too-large', { params: { count, limit: MOST_OPERATIONS } });
    return readAll(operations, filter);
  }
  const ids = [...new Set((body.ids ?? body.items?.map(({ id }) => id) ?? []).map((id) => id.toLowerCase()))];
  const wrong = ids.findIndex((id) => !isId(id));
  if (wrong >= 0)
    throw new Problem('operation-not-found', {
      errors: [{ in: 'body', pointer: `/ids/${wrong}`, detail: 'is the id of no customer operation' }],
    });
  const found = new Map<string, Selected>();
  for (let at = 0; at < ids.length; at += MOST_ITEMS) {
    const some = await readAll(operations, { ...NO_OPERATION_FILTER, ids: ids.slice(at, at + MOST_ITEMS) });
    for (const operation of some) found.set(operation.id, operation);
  }
  return ids.map((id) => found.get(id) ?? { id, part: 'customers', channel: '' });
}

/** In the order of ids, which never changes. */
async function readAll(
  operations: CustomerOperations,
  filter: Parameters<CustomerOperations['find']>[0],
): Promise<Selected[]> {
  const selected: Selected[] = [];
  for (let cursor: string | null = null; ; ) {
    const page = await operations.find(filter, { limit: MOST_ITEMS, cursor, sort: 'receivedAt', count: false });
    selected.push(...page.items.map(({ id, part, channel }) => ({ id, part, channel })));
    cursor = page.nextCursor;
    if (cursor === null || selected.length >= MOST_OPERATIONS) return selected;
  }
}

/** A correction is in the form of one mapping: all the operations must be of it, and every channel read it alike. */
async function readForAll(
  deps: ServerDeps,
  operations: CustomerOperations,
  selected: readonly Selected[],
  attributes: Readonly<Record<string, unknown>>,
): Promise<Record<string, Value>> {
  const known = selected.filter(({ channel }) => channel !== '');
  const [first] = known;
  if (first === undefined) return {};
  if (known.some(({ part }) => part !== first.part))
    throw invalid('body', '/attributes', 'can be saved for operations on customers, or on one kind of part, only');
  const channels = [...new Set(known.map(({ channel }) => channel))];
  const reads = await Promise.all(
    channels.map(async (channel) =>
      readAttributes(await laneOfOperation(deps, operations, { part: first.part, channel }), attributes),
    ),
  );
  const [values = {}] = reads;
  if (reads.some((other) => JSON.stringify(other) !== JSON.stringify(values)))
    throw invalid('body', '/attributes', 'is read differently by the channels; save for one channel at a time');
  return values;
}
