/**
 * A filter by a mapping or channel that there never was selects nothing: the list would be empty, and everything would
 * seem to be well. What is gone from the configuration keeps its couplings, errors and log, and is a name.
 */
import type { FastifyInstance } from 'fastify';
import { shortenText } from '../domain/shorten-text.ts';
import { Problem } from './problem.ts';
import type { ServerDeps } from './server-deps.ts';

type What = 'mapping' | 'channel';
type Known = Readonly<Record<What, readonly string[]>>;

export function requireKnownNames(api: FastifyInstance, { presenter, queries }: ServerDeps): void {
  const configured: Known = {
    mapping: presenter.mappings.map(({ name }) => name),
    channel: presenter.channels.map(({ channel }) => channel),
  };
  api.addHook('preHandler', async ({ query, body }) => {
    for (const [where, filter] of [['query', query] as const, ['body', filterIn(body)] as const]) {
      for (const what of ['mapping', 'channel'] as const) {
        const unknown = namesIn(filter, what).filter((name) => !configured[what].includes(name));
        if (unknown.length === 0) continue;
        const kept = new Set((await queries.everyLane()).map((lane) => lane[what]));
        const never = unknown.find((name) => !kept.has(name));
        if (never !== undefined) throw unknownName(where, what, never, configured[what]);
      }
    }
  });
}

const membersOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};

/** Bulk work takes the query of the list. */
const filterIn = (body: unknown): unknown => membersOf(body)['filter'];

/** Filters are lists of names; a single one is no filter, and whoever takes it says what is wrong with it. */
function namesIn(filter: unknown, what: What): readonly string[] {
  const names = membersOf(filter)[what];
  return Array.isArray(names) ? names : [];
}

/** In the way of an unknown field: the parameter is there and its value is not. */
function unknownName(where: 'query' | 'body', what: What, name: string, known: readonly string[]): Problem {
  const said = `${name === '' ? 'an empty text' : shortenText(name, 60)} is no ${what}`;
  return new Problem('unknown-parameter', {
    params: { parameter: what, value: name },
    errors: [{ in: where, pointer: where === 'query' ? `/${what}` : `/filter/${what}`, detail: said }],
    detail: `${said}; there is ${shortenText(known.join(', '), 500)}`,
  });
}
