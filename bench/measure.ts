/** What a run of the benchmark collects. */
export interface Measured {
  /** In the order in which they were taken. */
  readonly all: readonly number[];
  readonly median: number;
  readonly unit: string;
}

export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
};

export const percentile = (values: readonly number[], share: number): number => {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] as number;
};

export interface Figures {
  add(name: string, value: number, unit: string): void;
  all(): Readonly<Record<string, Measured>>;
  median(name: string): number | null;
}

export function figures(say: (line: string) => void): Figures {
  const found = new Map<string, { unit: string; values: number[] }>();
  return {
    add(name, value, unit) {
      const entry = found.get(name) ?? { unit, values: [] };
      entry.values.push(value);
      found.set(name, entry);
      say(`${name.padEnd(44)} ${shown(value).padStart(10)} ${unit}`);
    },
    all: () =>
      Object.fromEntries(
        [...found].map(([name, { unit, values }]) => [name, { all: values, median: median(values), unit }]),
      ),
    median: (name) => {
      const entry = found.get(name);
      return entry ? median(entry.values) : null;
    },
  };
}

export const shown = (value: number): string =>
  value >= 100 ? Math.round(value).toLocaleString('en-US') : value.toFixed(2);

/** Records a second of what `work` did with so many, begun with a heap that nobody else has filled. */
export async function rate(records: number, work: () => Promise<unknown>): Promise<number> {
  globalThis.gc?.();
  const ms = await elapsedMs(work);
  return (records / ms) * 1000;
}

/** Without a collection before it: one throws away compiled code, and a run of a millisecond then took four. */
export async function elapsedMs(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
