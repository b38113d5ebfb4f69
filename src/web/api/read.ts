/** Reading of the API: one document, or a list that grows page by page as somebody scrolls. */
import {
  type InfiniteData,
  keepPreviousData,
  QueryCache,
  QueryClient,
  useInfiniteQuery,
  useMutation,
  useQuery,
} from '@tanstack/react-query';
import { searchParams, type QueryChange } from '../address/address.ts';
import { onReturn } from './connection.ts';
import { ApiProblem, request, Unreachable } from './request.ts';

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
  readonly total?: number;
}

const PAGE_SIZE = 100;
const TRIES = 2;

export const queryClient: QueryClient = new QueryClient({
  queryCache: new QueryCache({
    // A session that has ended shows first in any answer; who is signed in is asked again, which opens the sign-in.
    onError: (fault, { queryKey }) => {
      if (fault instanceof ApiProblem && fault.status === 401 && queryKey[0] !== '/me')
        void queryClient.invalidateQueries({ queryKey: ['/me'] });
    },
  }),
  defaultOptions: {
    // A browser that thinks itself offline may be wrong, and a request that waits in silence looks like one that works.
    mutations: { networkMode: 'always' },
    queries: {
      networkMode: 'always',
      staleTime: 5_000,
      // What was refused once is refused again; only a server that is away may come back.
      retry: (failures, fault) => fault instanceof Unreachable && failures < TRIES,
      refetchOnWindowFocus: true,
    },
  },
});

export const withQuery = (path: string, query: URLSearchParams): string => {
  const text = query.toString();
  return text === '' ? path : `${path}?${text}`;
};

interface ReadOptions {
  readonly enabled?: boolean;
  readonly refetchMs?: number | false;
  readonly keep?: boolean;
}

export function useRead<Answer>(path: string, query: QueryChange = {}, options: ReadOptions = {}) {
  const params = searchParams(query);
  return useQuery<Answer>({
    queryKey: [path, params.toString()],
    queryFn: ({ signal }) => request<Answer>('GET', withQuery(path, params), { signal }),
    enabled: options.enabled ?? true,
    refetchInterval: options.refetchMs ?? false,
    ...(options.keep === true && { placeholderData: keepPreviousData }),
  });
}

export function useList<Item>(
  path: string,
  query: URLSearchParams,
  options: { readonly enabled?: boolean; readonly counted?: boolean } = {},
) {
  const asked = new URLSearchParams(query);
  asked.sort();
  return useInfiniteQuery<Page<Item>, Error, InfiniteData<Page<Item>>, readonly string[], string | null>({
    queryKey: [path, asked.toString(), 'pages'],
    initialPageParam: null,
    enabled: options.enabled ?? true,
    getNextPageParam: (page) => page.nextCursor,
    queryFn: ({ pageParam, signal }) => {
      const params = new URLSearchParams(asked);
      params.set('limit', String(PAGE_SIZE));
      // Counting is work for the server: once, with the first page.
      if (pageParam !== null) params.set('cursor', pageParam);
      else if (options.counted !== false) params.set('count', 'true');
      return request<Page<Item>>('GET', withQuery(path, params), { signal });
    },
  });
}

/** After a change everything may look different: errors are on four pages. A preview was of what held before. */
export const readAgain = (): Promise<void> =>
  queryClient.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'preview' });

onReturn(() => void readAgain());

export function useChange<Input, Answer>(change: (input: Input) => Promise<Answer>) {
  return useMutation<Answer, Error, Input>({ mutationFn: change, onSettled: readAgain });
}

export const isProblem = (fault: unknown, code: string): fault is ApiProblem =>
  fault instanceof ApiProblem && fault.code === code;
