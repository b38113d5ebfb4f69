/** The functions in which a profile was most of its time. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly samples?: readonly number[];
  readonly timeDeltas?: readonly number[];
}

const SHOWN = 40;

export function costsOf({ nodes, samples = [], timeDeltas = [] }: CpuProfile): string[] {
  const frames = new Map(
    nodes.map(({ id, callFrame }) => [
      id,
      `${callFrame.functionName || '(anonymous)'} ${callFrame.url.split('/').slice(-2).join('/')}:${callFrame.lineNumber + 1}`,
    ]),
  );
  const times = new Map<string, number>();
  let all = 0;
  for (const [at, id] of samples.entries()) {
    const spent = timeDeltas[at] ?? 0;
    const name = frames.get(id) ?? '?';
    times.set(name, (times.get(name) ?? 0) + spent);
    all += spent;
  }
  return [...times]
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, SHOWN)
    .map(
      ([name, spent]) =>
        `${(spent / 1000).toFixed(1).padStart(9)} ms ${((spent / all) * 100).toFixed(1).padStart(5)} %  ${name}`,
    );
}
