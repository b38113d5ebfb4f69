/** Which rows are selected, by id, whether or not they are drawn. */
import { useMemo, useState } from 'react';

export interface Selection {
  readonly ids: readonly string[];
  readonly size: number;
  readonly has: (id: string) => boolean;
  readonly toggle: (id: string) => void;
  readonly setMany: (ids: readonly string[], selected: boolean) => void;
  readonly clear: () => void;
}

export function useSelection(): Selection {
  const [ids, setIds] = useState<ReadonlySet<string>>(new Set());
  return useMemo(() => {
    const change = (some: readonly string[], selected: (id: string, was: boolean) => boolean): void =>
      setIds((before) => {
        const after = new Set(before);
        for (const id of some) {
          if (selected(id, before.has(id))) after.add(id);
          else after.delete(id);
        }
        return after;
      });
    return {
      ids: [...ids],
      size: ids.size,
      has: (id) => ids.has(id),
      toggle: (id) => change([id], (_, was) => !was),
      setMany: (some, selected) => change(some, () => selected),
      clear: () => setIds(new Set()),
    };
  }, [ids]);
}
