/**
 * Plain values → typed input, the first of the two steps. What the schema refuses is told and then left out, so that the
 * rest can be looked at in the same go.
 */
import { explainIssues, valueAt } from './explain-issues.ts';
import type { Plain, PlainMap } from './parse-yaml.ts';
import type { Finding, Path } from './problem.ts';
import type { PartialConfigurationInput } from './schema.ts';
import { configurationSchema, partialConfigurationSchema } from './schema.ts';

export interface ReadInput {
  readonly input: PartialConfigurationInput;
  readonly findings: readonly Finding[];
}

/** Each pass leaves out all that was refused; what is required may make more to be left out above it. */
const MOST_PASSES = 4;

export function readInput(plain: PlainMap): ReadInput {
  const whole = configurationSchema.safeParse(plain);
  if (whole.success) return { input: whole.data, findings: [] };
  const findings = explainIssues(whole.error.issues, plain);
  const rest = structuredClone(plain);
  let issues = whole.error.issues;
  for (let pass = 0; pass < MOST_PASSES; pass++) {
    for (const issue of issues) {
      const path = issue.path as Path;
      const keys = issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...path, key]) : [path];
      for (const key of keys) leaveOut(rest, key);
    }
    const parsed = partialConfigurationSchema.safeParse(rest);
    if (parsed.success) return { input: parsed.data, findings };
    issues = parsed.error.issues;
  }
  return { input: {}, findings };
}

function leaveOut(rest: PlainMap, path: Path): void {
  const removed = removable(path);
  const last = removed.at(-1);
  const parent = valueAt(rest, removed.slice(0, -1));
  if (last !== undefined && isMap(parent)) delete parent[last];
}

const isMap = (plain: Plain | undefined): plain is PlainMap =>
  typeof plain === 'object' && plain !== null && !Array.isArray(plain);

/** How much of a path under `commerce` goes: the option, or one entry of it; the whole section for what it needs. */
const DISPENSABLE_COMMERCE: Readonly<Record<string, number>> = {
  parts: 3,
  channels: 3,
  schedules: 3,
  tries: 2,
  deactivateCustomer: 2,
};

/** The smallest thing around a path that the file could do without. */
function removable(path: Path): Path {
  const [section, , option, inner] = path;
  if (section === 'mappings' && path.length > 1) {
    if (option === 'fields') return path.slice(0, path.length > 3 ? 4 : 2);
    if (option === 'hq' || option === 'channel') {
      return path.slice(0, inner === undefined || inner === 'table' || inner === 'key' ? 2 : 4);
    }
    return path.slice(0, 3);
  }
  if (section === 'channels' && path.length > 1) {
    if (option === 'overrides') return path.slice(0, 4);
    return path.slice(0, option === 'url' ? 2 : 3);
  }
  if (section === 'commerce') return path.slice(0, DISPENSABLE_COMMERCE[String(path[1])] ?? 1);
  return path.slice(0, 1);
}
