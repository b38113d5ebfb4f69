/**
 * Where two JSON texts differ, place by place. The only file that knows deep-diff, and it takes its default export and
 * nothing but `diff()`: the named import type-checks and crashes, and its `applyChange` writes to prototypes. What it
 * is given are plain trees of our own making: leaves are JSON texts (so no number is rounded), names carry a sign in
 * front (so none is `__proto__` or empty), children of arrays are known by their id where they have one (so that one
 * inserted at the front is one difference).
 */
import deepDiff from 'deep-diff';
import { type ExactJson, parseExact } from './json-value.ts';
import { canonicalNumber } from './numeric-value.ts';

export interface JsonChange {
  /** `.address.lines[0]`, `[id=7].phone`: to stand behind a name; empty for the text as a whole. */
  readonly path: string;
  /** Readable, not JSON: a text stands without its quotes. Null: there was nothing. */
  readonly old: string | null;
  readonly new: string | null;
}

type Tree = string | { readonly [name: string]: Tree };

/** Null when either text is no JSON, or too deep to be compared. */
export function jsonDifference(before: string, after: string): readonly JsonChange[] | null {
  const [a, b] = [parseExact(before), parseExact(after)];
  if (a === null || b === null) return null;
  try {
    const differences = deepDiff.diff(treeOf(a.value), treeOf(b.value)) ?? [];
    return differences.map((difference) => ({
      path: ((difference.path ?? []) as string[]).join(''),
      old: 'lhs' in difference ? readable(difference.lhs) : null,
      new: 'rhs' in difference ? readable(difference.rhs) : null,
    }));
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function treeOf(value: ExactJson): Tree {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) {
    const id = idOf(value);
    return value.length === 0 ? '[]' : treeOfEntries(value.map((item, at) => [`[${childName(item, id, at)}]`, item]));
  }
  if (!(value instanceof Map)) return canonicalNumber(value.source) ?? value.source;
  return value.size === 0 ? '{}' : treeOfEntries([...value].map(([name, inner]) => [`.${name}`, inner]));
}

const treeOfEntries = (entries: readonly (readonly [string, ExactJson])[]): Tree =>
  Object.fromEntries(entries.map(([name, inner]) => [name, treeOf(inner)]));

const ID_NAMES = ['id', 'key', 'code', 'name'];

/** The member by which all items of an array can be told apart. */
function idOf(items: readonly ExactJson[]): string | null {
  for (const name of ID_NAMES) {
    const ids = items.map((item) => (item instanceof Map ? leafText(item.get(name)) : null));
    if (!ids.includes(null) && new Set(ids).size === ids.length) return name;
  }
  return null;
}

const childName = (item: ExactJson, id: string | null, at: number): string =>
  id !== null && item instanceof Map ? `${id}=${leafText(item.get(id)) ?? at}` : String(at);

function leafText(value: ExactJson | undefined): string | null {
  if (typeof value === 'string') return value;
  const isNumber = typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Map);
  return isNumber ? value.source : null;
}

function readable(tree: Tree): string {
  if (typeof tree !== 'string') {
    return `{${Object.entries(tree)
      .map(([name, inner]) => `${name.replace(/^\./, '')}: ${readable(inner)}`)
      .join(', ')}}`;
  }
  return tree.startsWith('"') ? (JSON.parse(tree) as string) : tree;
}
