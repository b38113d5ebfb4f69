/**
 * Plain values → typed input, the first of the two steps. What the schema refuses is told and then left out, so that the
 * rest can be looked at in the same go.
 */
import { explainIssues, valueAt } from './explain-issues.ts';
import type { Plain, PlainMap } from './parse-yaml.ts';
import { isPlainMap } from './parse-yaml.ts';
import type { Finding, Path } from './problem.ts';
import type { PartialConfigurationInput } from './schema.ts';
import { configurationSchema, partialConfigurationSchema } from './schema.ts';

export interface ReadInput {
  readonly input: PartialConfigurationInput;
  readonly findings: readonly Finding[];
  /** Mappings of which something was left out: rules about the whole of a mapping, or about several, pass them over. */
  readonly incomplete: ReadonlySet<string>;
}

/** Each pass leaves out all that was refused; what is required may make more to be left out above it. */
const MOST_PASSES = 4;

export function readInput(plain: PlainMap): ReadInput {
  const whole = configurationSchema.safeParse(plain);
  if (whole.success) return { input: whole.data, findings: [], incomplete: new Set() };
  const findings = explainIssues(whole.error.issues, plain);
  const rest = structuredClone(plain);
  const incomplete = new Set<string>();
  let issues = whole.error.issues;
  for (let pass = 0; pass < MOST_PASSES; pass++) {
    for (const issue of issues) {
      const path = issue.path as Path;
      if (path[0] === 'mappings') incomplete.add(String(path[1]));
      const keys = issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...path, key]) : [path];
      for (const key of keys) leaveOut(rest, key, pass);
    }
    const parsed = partialConfigurationSchema.safeParse(rest);
    if (parsed.success) return { input: parsed.data, findings, incomplete };
    issues = parsed.error.issues;
  }
  return { input: {}, findings, incomplete };
}

function leaveOut(rest: PlainMap, path: Path, pass: number): void {
  const removed = removable(rest, path, pass);
  const last = removed.at(-1);
  const parent = valueAt(rest, removed.slice(0, -1));
  if (last === undefined || !isPlainMap(parent)) return;
  const isOption = removed[0] === 'mappings' && removed.length === (isSide(removed[2]) ? 4 : 3);
  const standIn = isOption && pass === 0 ? STAND_INS.get(last) : undefined;
  if (standIn === undefined) delete parent[last];
  else parent[last] = structuredClone(standIn);
}

/** What a mapping cannot do without gets something in its place, so that its other parts can be looked at. */
const STAND_INS: ReadonlyMap<string | number, Plain> = new Map<string, Plain>([
  ['table', 'table'],
  ['key', ['key']],
  ['fields', {}],
]);

const isSide = (option: string | number | undefined): boolean => option === 'hq' || option === 'channel';

/** How much of a path under `commerce` goes: the option, or one entry of it; the whole section for what it needs. */
const DISPENSABLE_COMMERCE: ReadonlyMap<string | number | undefined, number> = new Map([
  ['parts', 3],
  ['channels', 3],
  ['schedules', 3],
  ['tries', 2],
  ['deactivateCustomer', 2],
]);

/** What a field means something without. */
const FIELD_OPTIONS = ['direction', 'resolve', 'initialWinner', 'values', 'ifUncoupled', 'transform'];

/** The smallest thing around a path that the file could do without; later passes take what is around that. */
function removable(rest: PlainMap, path: Path, pass: number): Path {
  const [section, , option, inner] = path;
  if (section === 'mappings' && path.length > 1) {
    if (pass > 1) return path.slice(0, 2);
    if (option === 'fields') return path.slice(0, path.length < 4 ? 3 : fieldPart(rest, path));
    if (isSide(option)) return path.slice(0, inner === undefined ? 2 : 4);
    return path.slice(0, 3);
  }
  if (section === 'channels' && path.length > 1) {
    if (option === 'overrides') return path.slice(0, 4);
    return path.slice(0, option === 'url' ? 2 : 3);
  }
  if (section === 'commerce') return path.slice(0, DISPENSABLE_COMMERCE.get(path[1]) ?? 1);
  return path.slice(0, 1);
}

/** An option of a field goes alone, unless a column is missing and the misspelt name was probably meant for it. */
function fieldPart(rest: PlainMap, path: Path): number {
  const field = valueAt(rest, path.slice(0, 4));
  const option = String(path[4]);
  if (path.length < 5 || !isPlainMap(field)) return 4;
  const known = ['hq', 'channel', 'references', 'constant'].includes(option);
  const hasColumns = field['hq'] !== undefined && field['channel'] !== undefined;
  return FIELD_OPTIONS.includes(option) || (!known && hasColumns) ? 5 : 4;
}
