/** The query of a list as the body of bulk work takes it. */
export type ListFilter = Readonly<Record<string, string | readonly string[]>>;

export const filterOf = (query: URLSearchParams): ListFilter =>
  Object.fromEntries(
    [...new Set(query.keys())]
      .filter((name) => name !== 'sort')
      .map((name) => {
        const [only = '', ...more] = query.getAll(name);
        return [name, more.length === 0 ? only : [only, ...more]];
      }),
  );

export const sameFilter = (a: ListFilter, b: ListFilter): boolean => JSON.stringify(a) === JSON.stringify(b);
