/** A list as pages of JSON, or whole as CSV: the same filter, the same items, the same order. */
import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { InvalidCursor, type Page, type PageRequest } from '../ports/queries.ts';
import { cellAt, csvColumns, csvLine, MOST_CSV_ROWS } from './csv.ts';
import { invalid } from './problem.ts';
import { DEFAULT_ITEMS, MOST_ITEMS } from './schemas/query.ts';

export interface ListQuery {
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
  readonly count?: boolean | undefined;
  readonly sort?: string | undefined;
}

/** `unreachable`: channels that could not be asked; only of a list that is read from them. */
interface ListPage<Item> extends Page<Item> {
  readonly unreachable?: readonly string[];
}

export interface List<Item, Document> {
  readonly name: string;
  readonly schema: z.ZodType<Document>;
  read(page: PageRequest): Promise<ListPage<Item>>;
  present(items: readonly Item[]): Promise<Document[]>;
}

export interface ListAnswer<Document> {
  items: Document[];
  nextCursor: string | null;
  total?: number;
  unreachable?: string[];
}

export async function serveList<Item, Document>(
  request: FastifyRequest,
  reply: FastifyReply,
  query: ListQuery,
  list: List<Item, Document>,
): Promise<ListAnswer<Document>> {
  const page: PageRequest = {
    limit: query.limit ?? DEFAULT_ITEMS,
    cursor: query.cursor ?? null,
    sort: query.sort ?? null,
    count: query.count ?? false,
  };
  const wantsCsv = asksForCsv(request);
  const first = await readPage(list, { ...page, limit: query.limit ?? (wantsCsv ? MOST_ITEMS : DEFAULT_ITEMS) });
  reply.header('vary', 'accept');
  // A limit asks for one page; without it, CSV is the whole list.
  // A reply given back tells fastify that the answer is on its way.
  if (wantsCsv) return sendCsv(reply, list, page, first, query.limit === undefined) as never;
  return {
    items: await list.present(first.items),
    nextCursor: first.nextCursor,
    ...(first.total !== null && { total: first.total }),
    ...(first.unreachable && { unreachable: [...first.unreachable] }),
  };
}

async function readPage<Item, Document>(list: List<Item, Document>, page: PageRequest): Promise<ListPage<Item>> {
  try {
    return await list.read(page);
  } catch (fault) {
    if (fault instanceof InvalidCursor) throw invalid('query', '/cursor', 'is not a cursor of this list and sort');
    throw fault;
  }
}

/** The type that stands first is the one preferred; lists of browsers with weights never name CSV. */
export function asksForCsv(request: FastifyRequest): boolean {
  const names = (request.headers.accept ?? '')
    .split(',')
    .map((part) => (part.split(';')[0] ?? '').trim().toLowerCase());
  const csv = names.indexOf('text/csv');
  const json = names.indexOf('application/json');
  return csv >= 0 && (json < 0 || csv < json);
}

function sendCsv<Item, Document>(
  reply: FastifyReply,
  list: List<Item, Document>,
  page: PageRequest,
  first: ListPage<Item>,
  whole: boolean,
): FastifyReply {
  const columns = csvColumns(list.schema);
  async function* lines(): AsyncGenerator<string> {
    yield csvLine(columns);
    let rows = 0;
    for (let found = first; ; ) {
      const documents = await list.present(found.items);
      yield documents.map((document) => csvLine(columns.map((column) => cellAt(document, column)))).join('');
      rows += found.items.length;
      const limit = Math.min(MOST_ITEMS, MOST_CSV_ROWS - rows);
      if (!whole || found.nextCursor === null || limit <= 0) return;
      found = await list.read({ ...page, count: false, limit, cursor: found.nextCursor });
    }
  }
  reply
    .type('text/csv; charset=utf-8')
    .header('content-disposition', `attachment; filename="${list.name}.csv"`)
    .serializer(String);
  if (first.total !== null) reply.header('x-total-count', String(first.total));
  if (first.unreachable) reply.header('x-unreachable-channels', first.unreachable.join(', '));
  return reply.send(Readable.from(lines()));
}
