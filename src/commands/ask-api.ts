/**
 * Commands that read lists or act ask the same API as everybody else, within this process and without a socket: the
 * shapes of `--json` are those of REST, and nothing is decided in two places.
 */
import type { FastifyInstance } from 'fastify';
import { CommandFailed, EXIT } from './exit.ts';

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

export interface Request {
  /** JSON, or CSV where it is a text. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export type AskApi = (method: 'GET' | 'POST' | 'DELETE', path: string, request?: Request) => Promise<Answer>;

/** A whole answer of the API as far as a command looks into it. */
export type Document = Readonly<Record<string, unknown>>;

export const askApiOf =
  (server: FastifyInstance): AskApi =>
  async (method, path, { body, headers = {} } = {}) => {
    const type = typeof body === 'string' ? { 'content-type': 'text/csv' } : {};
    const answer = await server.inject({
      method,
      url: `/api/v1${path}`,
      headers: { ...type, ...headers },
      ...(body === undefined ? {} : { payload: body as object | string }),
    });
    return { status: answer.statusCode, body: answer.body === '' ? null : JSON.parse(answer.body) };
  };

interface ProblemDocument {
  readonly title?: string;
  readonly detail?: string;
  readonly code?: string;
  readonly errors?: readonly { readonly pointer?: string; readonly detail?: string }[];
}

/** The remedies of the catalogue name calls of the API; who types commands has commands. */
const TYPED: Readonly<Record<string, string>> = {
  'error-not-found': '`couplet errors` lists the open ones with their ids.',
  'log-entry-not-found': '`couplet log MAPPING SIDE KEY` lists the entries of a record with their ids.',
  'winner-required': 'Say --winner hq or --winner channel, or --field NAME=hq|channel for single fields.',
};

/** What was asked wrongly ends the command with 2, what could not be done with 1; both with the sentence of the API. */
export function expectGood(answer: Answer): Document {
  if (answer.status < 400) return answer.body as Document;
  const problem = answer.body as ProblemDocument;
  const places = (problem.errors ?? []).map(({ pointer, detail }) => `  ${pointer ?? ''} ${detail ?? ''}`);
  const hint = TYPED[problem.code ?? ''];
  const said = `${problem.code ?? answer.status}: ${problem.detail ?? problem.title ?? ''}`;
  const message = [hint === undefined ? said : `${said}. ${hint}`, ...places].join('\n');
  throw new CommandFailed(
    answer.status === 400 || isUnknownName(problem.code) ? EXIT.usage : EXIT.failed,
    message,
    problem,
  );
}

const isUnknownName = (code: string | undefined): boolean =>
  code === 'mapping-not-found' || code === 'channel-not-found' || code === 'commerce-not-configured';

/** All pages of a list, at most `most` items. */
export async function allItems(
  ask: AskApi,
  path: string,
  query: URLSearchParams,
  most = Number.POSITIVE_INFINITY,
): Promise<Document[]> {
  const items: Document[] = [];
  for (let cursor: string | null = null; ; ) {
    const page = new URLSearchParams(query);
    page.set('limit', String(Math.min(500, most - items.length)));
    if (cursor !== null) page.set('cursor', cursor);
    const found = expectGood(await ask('GET', `${path}?${page.toString()}`)) as {
      items: Document[];
      nextCursor: string | null;
    };
    items.push(...found.items);
    if (found.nextCursor === null || items.length >= most) return items;
    cursor = found.nextCursor;
  }
}

/** Parameters that were given; a list gives the parameter several times. */
export function queryOf(given: Readonly<Record<string, string | readonly string[] | undefined>>): URLSearchParams {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(given)) {
    for (const one of value === undefined ? [] : typeof value === 'string' ? [value] : value) query.append(name, one);
  }
  return query;
}
