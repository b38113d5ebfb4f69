/**
 * YAML text → plain values, with the place of every name and value remembered, variables filled in, and everything that
 * is wrong so far. Numbers where a text is meant (`constant: 010`) stay as they were written.
 */
import type { Alias, ParsedNode, YAMLError, YAMLMap } from 'yaml';
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import type { Finding, Path, Position } from './problem.ts';
import { PLACE_MARK } from './problem.ts';
import type { Environment } from './substitute-variables.ts';
import { substituteVariables } from './substitute-variables.ts';
import { explainSyntax } from './explain-syntax.ts';

export type Plain = null | boolean | number | string | Plain[] | PlainMap;
export interface PlainMap {
  [name: string]: Plain;
}

export const isPlainMap = (plain: Plain | undefined): plain is PlainMap =>
  typeof plain === 'object' && plain !== null && !Array.isArray(plain);

export interface ConfigurationDocument {
  readonly plain: Plain;
  readonly findings: readonly Finding[];
  /** Errors of YAML itself, placed already: nothing below them can be trusted. */
  readonly syntax: readonly (Position & { readonly code: string; readonly message: string })[];
  /** The place of the name or the value at a path, or of the nearest thing above that is there. */
  readonly locate: (path: Path, at: 'name' | 'value') => Position;
  /** The scalar as it is written in the file, before variables; null for anything else. */
  readonly rawAt: (path: Path) => RawScalar | null;
}

export interface RawScalar {
  readonly text: string;
  /** False for numbers, true, false and null. */
  readonly isText: boolean;
}

const LONGEST_CHARACTERS = 1_000_000;
/** Aliases can make a small file huge. */
const MOST_NODES = 100_000;
const DEEPEST = 50;
const MOST_SYNTAX_ERRORS = 20;

interface Place {
  readonly name: number | null;
  readonly value: number;
  readonly raw: RawScalar | null;
}

interface Reading {
  readonly text: string;
  readonly environment: Environment;
  readonly lines: LineCounter;
  readonly places: Map<string, Place>;
  readonly findings: Finding[];
  /** By name, as met so far: an alias means the last anchor before it. */
  readonly anchors: Map<string, ParsedNode>;
  /** Containers that the present path leads through, to notice an alias within its own anchor. */
  readonly within: Set<ParsedNode>;
  nodes: number;
}

const placeKey = (path: Path): string => JSON.stringify(path);

export function parseYaml(text: string, environment: Environment): ConfigurationDocument {
  const lines = new LineCounter();
  const places = new Map<string, Place>();
  const findings: Finding[] = [];
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const result = {
    findings,
    rawAt: (path: Path) => places.get(placeKey(path))?.raw ?? null,
    locate: locator(places, at),
  };
  if (text.length > LONGEST_CHARACTERS) {
    const message = `the file has ${text.length} characters; a configuration may have ${LONGEST_CHARACTERS}`;
    return { ...result, plain: null, syntax: [{ line: 1, column: 1, code: 'file-too-large', message }] };
  }
  // Duplicate names are looked for below: the library compares every name with every other.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false });
  const syntax = onePerLine(document.errors, text, at);
  if (syntax.length > 0) return { ...result, plain: null, syntax };
  const reading: Reading = {
    text,
    environment,
    lines,
    places,
    findings,
    anchors: new Map(),
    within: new Set(),
    nodes: 0,
  };
  const plain = document.contents === null ? null : plainOf(document.contents, [], reading);
  return { ...result, plain, syntax: [] };
}

function onePerLine(
  errors: readonly YAMLError[],
  text: string,
  at: (offset: number) => Position,
): ConfigurationDocument['syntax'] {
  const byLine = new Map<number, ConfigurationDocument['syntax'][number]>();
  for (const error of errors) {
    const { line } = at(error.pos[0]);
    if (byLine.has(line)) continue;
    const { offset, code, message } = explainSyntax(error, text);
    byLine.set(line, { ...at(offset), code, message });
    if (byLine.size === MOST_SYNTAX_ERRORS) break;
  }
  return [...byLine.values()];
}

const locator =
  (places: ReadonlyMap<string, Place>, at: (offset: number) => Position) =>
  (path: Path, wanted: 'name' | 'value'): Position => {
    for (let length = path.length; length > 0; length--) {
      const place = places.get(placeKey(path.slice(0, length)));
      if (place === undefined) continue;
      // What is missing is reported where the thing that lacks it has its name.
      const byName = wanted === 'name' || length < path.length;
      return at(byName ? (place.name ?? place.value) : place.value);
    }
    return { line: 1, column: 1 };
  };

function plainOf(node: ParsedNode | null, path: Path, reading: Reading, name: number | null = null): Plain {
  const offset = node?.range[0] ?? name ?? 0;
  const raw = isScalar(node) ? { text: rawText(node), isText: typeof node.value === 'string' } : null;
  const key = placeKey(path);
  if (!reading.places.has(key)) reading.places.set(key, { name, value: offset, raw });
  if (node === null) return null;
  if (++reading.nodes > MOST_NODES || path.length > DEEPEST) {
    if (reading.nodes <= MOST_NODES + 1)
      report(reading, path, 'file-too-large', 'the file is nested too deeply, or repeats too much');
    reading.nodes = Math.max(reading.nodes, MOST_NODES + 1);
    return null;
  }
  if (isAlias(node)) return aliasOf(node, path, reading);
  if (node.anchor !== undefined) reading.anchors.set(node.anchor, node);
  if (isScalar(node)) return scalarOf(node.value, rawText(node), path, reading);
  if (reading.within.has(node)) {
    report(reading, path, 'alias-in-itself', 'an alias stands within the very thing that it names');
    return null;
  }
  reading.within.add(node);
  const plain = isMap(node) ? mapOf(node, path, reading) : sequenceOf(node, path, reading);
  reading.within.delete(node);
  return plain;
}

/** A place of its own beside the one that the path has already; `pathText` leaves the mark out. */
function placedAt(path: Path, offset: number, reading: Reading): Path {
  const place = [...path, `${PLACE_MARK}${offset}`];
  reading.places.set(placeKey(place), { name: offset, value: offset, raw: null });
  return place;
}

function report(reading: Reading, path: Path, code: string, message: string, value: string | null = null): void {
  reading.findings.push({ path, at: 'value', code, message, value });
}

const rawText = (node: { readonly value: unknown; readonly source?: string }): string =>
  node.source ?? (typeof node.value === 'string' ? node.value : '');

function aliasOf(node: Alias.Parsed, path: Path, reading: Reading): Plain {
  const target = reading.anchors.get(node.source);
  if (target !== undefined) return plainOf(target, path, reading);
  const message = '{value} names an anchor that is not there; put quotes around a text that begins with *';
  report(reading, path, 'unknown-alias', message, `*${node.source}`);
  return null;
}

function sequenceOf(node: ParsedNode, path: Path, reading: Reading): Plain {
  if (!isSeq(node)) return null;
  return node.items.map((item, index) => plainOf(item as ParsedNode | null, [...path, index], reading));
}

function mapOf(node: YAMLMap.Parsed, path: Path, reading: Reading): Plain {
  const map = Object.create(null) as PlainMap;
  for (const pair of node.items) {
    const key = pair.key as ParsedNode | null;
    const name = isScalar(key) ? rawText(key) : '';
    const inner = [...path, name];
    const offset = key?.range[0] ?? node.range[0];
    if (name === '') {
      const message = isScalar(key) ? 'a name is missing before the colon' : 'a name must be a text';
      if (!reading.places.has(placeKey(inner)))
        reading.places.set(placeKey(inner), { name: offset, value: offset, raw: null });
      reading.findings.push({ path: inner, at: 'name', code: 'name-missing', message, value: null });
    } else if (name in map) {
      const first = reading.lines.linePos(reading.places.get(placeKey(inner))?.name ?? 0).line;
      const twice = placedAt(inner, offset, reading);
      const message = `${JSON.stringify(name)} stands here twice, first in line ${first}`;
      reading.findings.push({ path: twice, at: 'name', code: 'duplicate-name', message, value: name });
    } else if (name === '__proto__') {
      reading.places.set(placeKey(inner), { name: offset, value: offset, raw: null });
      reading.findings.push({
        path: inner,
        at: 'name',
        code: 'reserved-name',
        message: '__proto__ is reserved',
        value: name,
      });
    } else {
      map[name] = plainOf(pair.value, inner, reading, offset);
    }
  }
  return map;
}

/** Where a number means its digits: what goes into a store, or is compared with what came from there. */
const TEXT_PLACES = [
  'mappings.*.hq.onCreate.*',
  'mappings.*.channel.onCreate.*',
  'mappings.*.fields.*.constant',
  'mappings.*.fields.*.values.*',
  ...['default', 'prefix', 'suffix'].map((name) => `mappings.*.fields.*.transform.*.*.${name}`),
  ...['replace.*', 'replacePattern.1', 'padStart.1', 'split.0'].map(
    (name) => `mappings.*.fields.*.transform.*.*.${name}`,
  ),
  'commerce.deactivateCustomer.value',
].map((pattern) => pattern.split('.'));

const isTextPlace = (path: Path): boolean =>
  TEXT_PLACES.some(
    (place) =>
      place.length === path.length && place.every((part, index) => part === '*' || part === String(path[index])),
  );

function scalarOf(value: unknown, raw: string, path: Path, reading: Reading): Plain {
  if (typeof value === 'number') {
    return isTextPlace(path) ? raw : value;
  }
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value !== 'string') {
    report(reading, path, 'wrong-type', 'a value of this type means nothing here', null);
    return null;
  }
  const { text, missing, malformed } = substituteVariables(value, reading.environment);
  if (malformed) {
    const message =
      'a variable is written ${NAME}, with letters, digits and _; a dollar sign that is meant as such, $${';
    report(reading, path, 'variable-malformed', message, null);
  }
  for (const name of new Set(missing)) {
    const offset = reading.text.indexOf(`\${${name}}`, reading.places.get(placeKey(path))?.value ?? 0);
    const place = offset < 0 ? path : placedAt(path, offset, reading);
    report(reading, place, 'variable-missing', `the environment variable ${name} is not set`, `\${${name}}`);
  }
  return text;
}
