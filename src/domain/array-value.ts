/** Array literals as PostgreSQL prints them: `{1,NULL,"a \"b\"",{…}}`, with bounds before `=` where they are not 1. */
import type { ValueType } from './value-type.ts';

export type ArrayItem = string | null | readonly ArrayItem[];
export interface ArrayValue {
  /** `[0:2]` when the array does not begin at 1, else empty. */
  readonly bounds: string;
  readonly items: readonly ArrayItem[];
}

/** Boxes are the only built-in type whose arrays are not separated by commas. */
const delimiterOf = (element: ValueType | null): string => (element?.name === 'box' ? ';' : ',');

/** Null when the text is no array. */
export function parseArray(text: string, element: ValueType | null): ArrayValue | null {
  const match = /^((?:\[[+-]?\d+:[+-]?\d+\])+)=(?=\{)/.exec(text);
  const state = { text, at: match?.[0].length ?? 0, delimiter: delimiterOf(element) };
  const items = readItems(state);
  if (items === undefined || state.at !== text.length) return null;
  const bounds = match?.[1] ?? '';
  return { bounds: /^(?:\[\+?1:[^\]]*\])*$/.test(bounds) ? '' : bounds, items };
}

interface ReadState {
  readonly text: string;
  at: number;
  readonly delimiter: string;
}

/** Undefined: malformed (null is an element like any other). */
function readItems(state: ReadState): readonly ArrayItem[] | undefined {
  const { text, delimiter } = state;
  if (text[state.at] !== '{') return undefined;
  state.at++;
  const items: ArrayItem[] = [];
  if (text[state.at] === '}') {
    state.at++;
    return items;
  }
  while (state.at < text.length) {
    const item =
      text[state.at] === '{' ? readItems(state) : text[state.at] === '"' ? readQuoted(state) : readPlain(state);
    if (item === undefined) return undefined;
    items.push(item);
    const after = text[state.at++];
    if (after === '}') return items;
    if (after !== delimiter) return undefined;
  }
  return undefined;
}

function readQuoted(state: ReadState): string | undefined {
  const { text } = state;
  let value = '';
  for (state.at++; state.at < text.length; state.at++) {
    const character = text[state.at];
    if (character === '"') {
      state.at++;
      return value;
    }
    if (character === '\\') state.at++;
    value += text[state.at] ?? '';
  }
  return undefined;
}

function readPlain(state: ReadState): string | null | undefined {
  const { text, delimiter } = state;
  const start = state.at;
  while (state.at < text.length && text[state.at] !== delimiter && text[state.at] !== '}') {
    if (text[state.at] === '{' || text[state.at] === '"') return undefined;
    state.at++;
  }
  const value = text.slice(start, state.at).trim();
  if (value === '') return undefined;
  return value.toUpperCase() === 'NULL' ? null : value;
}

const NEEDS_QUOTES = /[{}",;\\\s]/;

export function formatArray({ bounds, items }: ArrayValue, element: ValueType | null): string {
  const delimiter = delimiterOf(element);
  const write = (item: ArrayItem): string => {
    if (item === null) return 'NULL';
    if (typeof item !== 'string') return `{${item.map(write).join(delimiter)}}`;
    const plain = item !== '' && item.toUpperCase() !== 'NULL' && !NEEDS_QUOTES.test(item);
    return plain ? item : `"${item.replaceAll(/["\\]/g, '\\$&')}"`;
  };
  return `${bounds === '' ? '' : `${bounds}=`}${write(items)}`;
}

/** The same nesting with every element changed. */
export function mapArray<T>(items: readonly ArrayItem[], change: (item: string | null) => T): MappedItem<T>[] {
  return items.map((item) => (item === null || typeof item === 'string' ? change(item) : mapArray(item, change)));
}
export type MappedItem<T> = T | MappedItem<T>[];
