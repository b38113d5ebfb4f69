/** The channel service, for tills and web shops: create, edit, deactivate, search customers, whichever way they travel. */
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { describeCode } from '../../domain/describe-change.ts';
import type { Json } from '../../domain/record.ts';
import { entryOf, isErrorCode } from '../../errors/catalogue.ts';
import {
  type ChannelCustomer,
  type ChannelCustomers,
  type GivenCustomer,
  type GivenPart,
  HqRefused,
  type PartName,
  type Taken,
  ValuesRefused,
} from '../../ports/channel-customers.ts';
import { askerOf } from '../asker.ts';
import { PROBLEMS } from '../describe-api.ts';
import { invalid, Problem } from '../problem.ts';
import {
  type ChannelCustomerDocument,
  ChannelCustomerListSchema,
  ChannelCustomerSchema,
  CreateCustomerBodySchema,
  EditCustomerBodySchema,
  PART_NAMES,
  SearchCustomersQuerySchema,
} from '../schemas/channel-customers.ts';
import { DEFAULT_ITEMS } from '../schemas/query.ts';
import type { Server } from '../typed-server.ts';

const tags = ['Channel service'];
const config = { needs: 'channel' } as const;
const ofChannel = z.object({ channel: z.string() });
const ofCustomer = z.object({
  channel: z.string(),
  account: z.string().meta({ description: 'The number or the GUID, before and after.' }),
});
const customers = '/commerce/channels/:channel/customers';
const oneCustomer = `${customers}/:account`;

/** Null: the configuration says nothing of commerce. */
export function registerChannelCustomers(api: Server, service: ChannelCustomers | null): void {
  const serving: Serving = (channel) => {
    if (service === null) throw new Problem('commerce-not-configured');
    if (!service.channels.includes(channel)) throw new Problem('channel-not-found', { params: { channel } });
    return service;
  };
  registerCreate(api, serving);
  registerChanges(api, serving);
  registerReading(api, serving);
}

type Serving = (channel: string) => ChannelCustomers;

function registerCreate(api: Server, serving: Serving): void {
  api.post(
    customers,
    {
      config,
      schema: {
        operationId: 'createChannelCustomer',
        summary: 'Create a customer',
        description:
          'In asynchronous mode it is recorded in the channel and answered with 202: a GUID, and `Pending sync` for the number. ' +
          'Otherwise HQ is written at once and its number answered; when HQ cannot be reached, the customer is taken ' +
          'asynchronously all the same; when HQ refuses it, the call fails and nothing is queued.',
        tags,
        params: ofChannel,
        body: CreateCustomerBodySchema,
        response: { 201: ChannelCustomerSchema, 202: ChannelCustomerSchema, ...PROBLEMS },
      },
    },
    async (request, reply) => {
      const { channel } = request.params;
      const service = serving(channel);
      const { repeatable } = request;
      const taken = await refusing(() =>
        service.create(channel, givenOf(request.body), askerOf(request, undefined), repeatable),
      );
      const account = taken.customer.customerAccount ?? taken.customer.asyncCustomerAccount ?? '';
      reply.header(
        'location',
        `/api/v1/commerce/channels/${encodeURIComponent(channel)}/customers/${encodeURIComponent(account)}`,
      );
      return answer(reply, taken, 201);
    },
  );
}

function registerChanges(api: Server, serving: Serving): void {
  const response = { 200: ChannelCustomerSchema, 202: ChannelCustomerSchema, ...PROBLEMS };
  api.patch(
    oneCustomer,
    {
      config,
      schema: {
        operationId: 'editChannelCustomer',
        summary: 'Edit a customer',
        description:
          'Recorded in the channel (202) once the channel’s own configuration has the feature; else HQ is written at once.',
        tags,
        params: ofCustomer,
        body: EditCustomerBodySchema,
        response,
      },
    },
    async (request, reply) => {
      const { channel, account } = request.params;
      const service = serving(channel);
      const given = givenOf(request.body);
      return answer(
        reply,
        await refusing(() => service.edit(channel, account, given, askerOf(request, undefined))),
        200,
      );
    },
  );
  api.delete(
    oneCustomer,
    {
      config,
      schema: {
        operationId: 'deactivateChannelCustomer',
        summary: 'Deactivate a customer',
        tags,
        params: ofCustomer,
        response,
      },
    },
    async (request, reply) => {
      const { channel, account } = request.params;
      const service = serving(channel);
      return answer(
        reply,
        await refusing(() => service.deactivate(channel, account, askerOf(request, undefined))),
        200,
      );
    },
  );
}

/** Farther down nobody looks at a till; a text with more letters finds sooner. */
const FARTHEST = 100_000;

const cursorOf = (place: number): string => Buffer.from(JSON.stringify([place])).toString('base64url');

function placeIn(cursor: string): number {
  const [, digits] = /^\[(\d{1,6})\]$/.exec(Buffer.from(cursor, 'base64url').toString('utf8')) ?? [];
  const place = Number(digits);
  if (digits === undefined || place > FARTHEST) throw invalid('query', '/cursor', 'is not a cursor of this list');
  return place;
}

function registerReading(api: Server, serving: Serving): void {
  api.get(
    customers,
    {
      config,
      schema: {
        operationId: 'searchChannelCustomers',
        summary: 'Search customers of the channel',
        description: 'Each customer once, pending or not; what is on its way comes first.',
        tags,
        params: ofChannel,
        querystring: SearchCustomersQuerySchema,
        response: { 200: ChannelCustomerListSchema, ...PROBLEMS },
      },
    },
    async (request) => {
      const { channel } = request.params;
      const { q = '', limit = DEFAULT_ITEMS, cursor } = request.query;
      const from = cursor === undefined ? 0 : placeIn(cursor);
      const { items, next } = await serving(channel).search(channel, q.trim(), { from, limit });
      return { items: items.map(present), nextCursor: next === null || next > FARTHEST ? null : cursorOf(next) };
    },
  );
  api.get(
    oneCustomer,
    {
      config,
      schema: {
        operationId: 'getChannelCustomer',
        summary: 'Read one customer of the channel',
        tags,
        params: ofCustomer,
        response: { 200: ChannelCustomerSchema, ...PROBLEMS },
      },
    },
    async (request) => {
      const { channel, account } = request.params;
      return present(await serving(channel).find(channel, account));
    },
  );
}

// ---------------------------------------------------------------- in and out

type Body = { readonly values?: object | undefined } & { readonly [part in PartName]?: readonly object[] | undefined };

const givenOf = (body: Body): GivenCustomer => ({
  values: (body.values ?? {}) as Record<string, Json>,
  parts: Object.fromEntries(
    PART_NAMES.flatMap((part) =>
      body[part] ? [[part, body[part].map((item) => partOf(item as Record<string, Json>))]] : [],
    ),
  ),
});

function partOf({ key, deactivate, values, ...fields }: Record<string, Json>): GivenPart {
  const nested = typeof values === 'object' && values !== null && !Array.isArray(values);
  return {
    ...(key !== undefined && { key }),
    deactivate: deactivate === true,
    values: nested ? { ...values, ...fields } : { ...fields, ...(values !== undefined && { values }) },
  };
}

function answer(reply: FastifyReply, { way, customer, ignored }: Taken, direct: 200 | 201): ChannelCustomerDocument {
  reply.code(way === 'asynchronous' ? 202 : direct);
  return { ...present(customer), ...(ignored.length > 0 && { ignored: [...ignored] }) };
}

const PENDING = 'Pending sync';

function present(customer: ChannelCustomer): ChannelCustomerDocument {
  const { lastKnownError } = customer;
  const field = lastKnownError?.params['field'];
  const parts = Object.entries(customer.parts ?? {}).map(([part, list]) => [
    part,
    list.map(({ key, values }) => ({ key, ...values })),
  ]);
  return {
    customerAccount: customer.customerAccount,
    asyncCustomerAccount: customer.asyncCustomerAccount,
    displayAccount: customer.customerAccount ?? PENDING,
    status: customer.status,
    lastKnownError: lastKnownError && {
      code: lastKnownError.code,
      field: typeof field === 'string' ? field : null,
      params: lastKnownError.params,
      message: describeCode(lastKnownError.code, lastKnownError.params),
    },
    values: { ...customer.values },
    ...Object.fromEntries(parts),
  };
}

/** What of the values cannot be taken, by the channel or by HQ, is told with its place in the body. */
async function refusing(work: () => Promise<Taken>): Promise<Taken> {
  try {
    return await work();
  } catch (fault) {
    if (fault instanceof ValuesRefused) throw valuesProblem(fault);
    if (fault instanceof HqRefused) throw hqProblem(fault);
    throw fault;
  }
}

function valuesProblem({ places }: ValuesRefused): Problem {
  const errors = places.map(({ pointer, code, params }) => ({
    in: 'body' as const,
    pointer,
    detail: describeCode(code, params),
  }));
  const unknown = places.find(({ code }) => code === 'unknown-field');
  if (unknown) return new Problem('unknown-field', { params: unknown.params, errors });
  return new Problem('invalid-request', { params: { reason: errors[0]?.detail ?? '' }, errors });
}

/** Somebody else's values or records stand in the way, not what was sent. */
const CONFLICTS: ReadonlySet<string> = new Set([
  'update-conflict',
  'initial-conflict',
  'deleted-and-changed',
  'match-ambiguous',
  'operation-not-supported',
  'deleted-in-hq',
]);

function hqProblem({ code, params, pointer }: HqRefused): Problem {
  const known = isErrorCode(code) ? code : 'internal-error';
  const detail = describeCode(known, params);
  const status = entryOf(known).status ?? (CONFLICTS.has(code) ? 409 : 422);
  return new Problem(known, {
    params,
    status,
    ...(pointer !== null && { errors: [{ in: 'body', pointer, detail }] }),
  });
}
