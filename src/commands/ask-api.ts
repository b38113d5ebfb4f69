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

export type AskApi = (
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
  path: string,
  body?: unknown,
  headers?: Record<string, string>,
) => Promise<Answer>;

export const askApiOf =
  (server: FastifyInstance): AskApi =>
  async (method, path, body, headers = {}) => {
    const answer = await server.inject({
      method,
      url: `/api/v1${path}`,
      headers,
      ...(body === undefined ? {} : { payload: body as object }),
    });
    return { status: answer.statusCode, body: answer.body === '' ? null : JSON.parse(answer.body) };
  };

interface Problem {
  readonly title?: string;
  readonly detail?: string;
  readonly code?: string;
}

/** The body of a good answer; a problem ends the command with its sentence. */
export function expectGood(answer: Answer): unknown {
  if (answer.status < 400) return answer.body;
  const problem = answer.body as Problem;
  throw new CommandFailed(
    answer.status === 400 ? EXIT.usage : EXIT.failed,
    `${problem.code ?? answer.status}: ${problem.detail ?? problem.title ?? ''}`,
  );
}

/** All pages of a list, one after the other. */
export async function* allItems(
  ask: AskApi,
  path: string,
  query: URLSearchParams,
): AsyncGenerator<Record<string, unknown>> {
  for (let cursor: string | null = null; ; ) {
    const page: URLSearchParams = new URLSearchParams(query);
    page.set('limit', '500');
    if (cursor) page.set('cursor', cursor);
    const { items, nextCursor } = expectGood(await ask('GET', `${path}?${page}`)) as {
      items: Record<string, unknown>[];
      nextCursor: string | null;
    };
    yield* items;
    if (!nextCursor) return;
    cursor = nextCursor;
  }
}
