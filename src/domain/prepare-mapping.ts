/**
 * Makes a mapping ready for one channel: columns become positions, types are looked up, and what cannot work is told
 * before the first record is read. Then the small functions that go between rows and field values.
 */
import { describeCode } from './describe-change.ts';
import { convertValue, isProblem } from './convert-value.ts';
import { tupleParts } from './equal-values.ts';
import { columnsOf, type Field, type Mapping, tableText, travels } from './mapping.ts';
import type { FieldValues, FieldWrite } from './pair.ts';
import type { PreparedField, PreparedMapping, PreparedSide } from './prepared-mapping.ts';
import { otherSide, type Params, type Side, SIDES, type Value } from './record.ts';
import { typesConvertible } from './type-conversion.ts';
import { plainType, TEXT, type ValueType } from './value-type.ts';
import { ValueSet } from './value-set.ts';

/** What has to be known of a column. */
export interface MappedColumn {
  readonly name: string;
  readonly type: ValueType;
  readonly nullable: boolean;
  readonly hasDefault: boolean;
  /** Computed by the store; never written. */
  readonly generated: boolean;
  readonly identity: 'always' | 'byDefault' | null;
}

export type PreparationCode =
  | 'column-not-found'
  | 'column-generated'
  | 'type-not-mappable'
  | 'type-lossy'
  | 'value-invalid'
  | 'required-column-unmapped'
  | 'reference-not-nullable';

export interface PreparationProblem {
  readonly code: PreparationCode;
  readonly severity: 'error' | 'warning';
  readonly side: Side;
  /** Null: it is the table's, not one field's. */
  readonly field: string | null;
  readonly params: Params;
  readonly message: string;
}

export interface Preparation {
  /** Null when a problem is an error. */
  readonly prepared: PreparedMapping | null;
  readonly problems: readonly PreparationProblem[];
}

/** The name that was probably meant, among those known. */
export type SuggestName = (name: string, known: readonly string[]) => string | null;

interface Sides<T> {
  readonly hq: T;
  readonly channel: T;
}

interface PreparationWork {
  readonly mapping: Mapping;
  readonly columns: Sides<ReadonlyMap<string, MappedColumn>>;
  readonly suggest: SuggestName;
  readonly problems: PreparationProblem[];
}

/** `circular`: names of reference fields that lie on a cycle. `mapping` must be the one that holds for the channel. */
export function prepareMapping(
  mapping: Mapping,
  channel: string,
  hqColumns: readonly MappedColumn[],
  channelColumns: readonly MappedColumn[],
  circular: ReadonlySet<string>,
  suggest: SuggestName = () => null,
): Preparation {
  const byName = (columns: readonly MappedColumn[]) => new Map(columns.map((column) => [column.name, column]));
  const work: PreparationWork = {
    mapping,
    columns: { hq: byName(hqColumns), channel: byName(channelColumns) },
    suggest,
    problems: [],
  };
  const sides = { hq: prepareSide(work, 'hq'), channel: prepareSide(work, 'channel') };
  const fields = mapping.fields.map((field, index) => prepareField(work, sides, field, index));
  for (const field of fields) checkField(work, field, circular.has(field.name));
  for (const side of SIDES) checkCreation(work, side);
  const { problems } = work;
  if (problems.some(({ severity }) => severity === 'error')) return { prepared: null, problems };
  const indices = fields.filter(({ field }) => field.references !== null).map(({ index }) => index);
  const prepared: PreparedMapping = {
    mapping,
    channel,
    fields,
    sides,
    references: indices,
    indexOf: new Map(fields.map((field) => [field.name, field.index])),
    circular: new Set(indices.filter((index) => circular.has(mapping.fields[index]?.name ?? ''))),
  };
  return { prepared, problems };
}

function addProblem(
  work: PreparationWork,
  severity: PreparationProblem['severity'],
  code: PreparationCode,
  side: Side,
  field: string | null,
  more: Params,
): void {
  const params = { side, table: tableText(work.mapping[side].table), ...(field !== null && { field }), ...more };
  work.problems.push({ code, severity, side, field, params, message: describeCode(code, params) });
}

/** A column that the store does not have has no place; -1 never reaches a prepared mapping, since it is an error. */
function prepareSide(work: PreparationWork, side: Side): PreparedSide {
  const { mapping, columns: known } = work;
  const table = mapping[side];
  const columns = columnsOf(mapping, side);
  for (const name of columns) {
    if (known[side].has(name)) continue;
    const owner = mapping.fields.find((field) => field[side]?.includes(name));
    addMissing(work, side, name, owner?.name ?? null);
  }
  const place = (name: string): number => columns.indexOf(name);
  return {
    columns,
    types: columns.map((name) => typeOf(work, side, name)),
    key: table.key.map(place),
    describe: table.describe.map(place),
    modifiedAt: table.modifiedAt === null ? null : place(table.modifiedAt),
    modifiedBy: table.modifiedBy === null ? null : place(table.modifiedBy),
  };
}

function addMissing(work: PreparationWork, side: Side, column: string, field: string | null): void {
  const known = [...work.columns[side].keys()];
  const suggestion = work.suggest(column, known);
  addProblem(work, 'error', 'column-not-found', side, field, { column, ...(suggestion !== null && { suggestion }) });
}

const typeOf = (work: PreparationWork, side: Side, column: string): ValueType =>
  work.columns[side].get(column)?.type ?? TEXT;

function prepareField(work: PreparationWork, sides: Sides<PreparedSide>, field: Field, index: number): PreparedField {
  const places = (side: Side): readonly number[] =>
    (field[side] ?? []).map((name) => sides[side].columns.indexOf(name));
  const type = (side: Side): ValueType => {
    const parts = (field[side] ?? []).map((name) => typeOf(work, side, name));
    return parts.length > 1 ? { ...plainType('tuple'), parts } : (parts[0] ?? TEXT);
  };
  return {
    index,
    name: field.name,
    field,
    columns: { hq: places('hq'), channel: places('channel') },
    type: { hq: type('hq'), channel: type('channel') },
    toHq: field.hq !== null && travels(field.direction, 'hq'),
    toChannel: field.channel !== null && travels(field.direction, 'channel'),
  };
}

function checkField(work: PreparationWork, field: PreparedField, isCircular: boolean): void {
  for (const side of SIDES) {
    if (!(side === 'hq' ? field.toHq : field.toChannel)) continue;
    const columns = (field.field[side] ?? []).flatMap((name) => work.columns[side].get(name) ?? []);
    for (const column of columns) {
      if (column.generated) addProblem(work, 'error', 'column-generated', side, field.name, { column: column.name });
    }
    const { references } = field.field;
    if (references === null) checkType(work, field, side);
    else if ((isCircular || references.ifUncoupled === 'clear') && columns.some(({ nullable }) => !nullable)) {
      addProblem(work, 'error', 'reference-not-nullable', side, field.name, {
        column: columns.map(({ name }) => name).join(', '),
      });
    }
  }
}

function checkType(work: PreparationWork, { field, name, type }: PreparedField, target: Side): void {
  const source = otherSide(target);
  if (field.constant !== null) return checkTexts(work, name, target, type[target], [field.constant.value]);
  if (field.values !== null && target === 'channel') {
    checkTexts(
      work,
      name,
      target,
      type[target],
      field.values.map(([, text]) => text),
    );
  }
  const steps = target === 'hq' ? field.transform.toHq : field.transform.toChannel;
  // What a transform or a value map gives is text, whose values are looked at one by one on their way.
  if (field.values !== null || steps.length > 0) return;
  const convertible = typesConvertible(type[source], type[target]);
  if (convertible === 'yes') return;
  const [severity, code] =
    convertible === 'no' ? (['error', 'type-not-mappable'] as const) : (['warning', 'type-lossy'] as const);
  addProblem(work, severity, code, target, name, { from: type[source].name, to: type[target].name });
}

function checkTexts(work: PreparationWork, field: string, side: Side, type: ValueType, texts: readonly Value[]): void {
  for (const text of texts) {
    const converted = convertValue(TEXT, type, text);
    if (isProblem(converted)) addProblem(work, 'error', 'value-invalid', side, field, converted.params);
  }
}

/** Whether the store would take a record that Couplet makes: what it lacks is told now, not record by record. */
function checkCreation(work: PreparationWork, side: Side): void {
  const { mapping, columns } = work;
  if (mapping.coupledOnly || !travels(mapping.direction, side)) return;
  const { onCreate, key } = mapping[side];
  for (const [name, value] of Object.entries(onCreate)) {
    const column = columns[side].get(name);
    if (column === undefined) addMissing(work, side, name, null);
    else {
      const converted = convertValue(TEXT, column.type, value);
      if (isProblem(converted))
        addProblem(work, 'error', 'value-invalid', side, null, { ...converted.params, column: name });
    }
  }
  const fed = new Set(mapping.fields.flatMap((field) => (travels(field.direction, side) ? (field[side] ?? []) : [])));
  for (const column of columns[side].values()) {
    const assigned =
      column.hasDefault || column.generated || column.identity !== null || Object.hasOwn(onCreate, column.name);
    const required = !column.nullable || key.includes(column.name);
    if (required && !assigned && !fed.has(column.name)) {
      addProblem(work, 'warning', 'required-column-unmapped', side, null, { column: column.name });
    }
  }
}

// ---------------------------------------------------------------- rows and field values

/** One value per field, from a row read as `prepared.sides[side].columns`. */
export function fieldValuesOf(prepared: PreparedMapping, side: Side, row: readonly Value[]): FieldValues {
  const { fields } = prepared;
  const values = new Array<Value>(fields.length);
  for (let index = 0; index < fields.length; index++) {
    const columns = fields[index]?.columns[side] ?? [];
    values[index] = columns.length === 1 ? (row[columns[0] ?? -1] ?? null) : tupleOf(columns, row);
  }
  return values;
}

function tupleOf(columns: readonly number[], row: readonly Value[]): Value {
  if (columns.length === 0) return null;
  const parts: string[] = [];
  for (const column of columns) {
    const part = row[column] ?? null;
    if (part === null) return null;
    parts.push(part);
  }
  return JSON.stringify(parts);
}

/** What the last set of each side wrote: in a batch mostly what the next one writes, too. */
interface SetLayout {
  readonly indices: readonly number[];
  readonly columns: readonly string[];
  readonly places: ReadonlyMap<string, number>;
}
const layouts = new WeakMap<PreparedMapping, Record<Side, SetLayout | null>>();

/** As `setOf`, for writes by the thousand. */
export function valueSetOf(
  prepared: PreparedMapping,
  side: Side,
  writes: readonly Pick<FieldWrite, 'index' | 'to'>[],
): ReadonlyMap<string, Value> {
  const layout = layoutOf(prepared, side, writes);
  if (layout === null) return setOf(prepared, side, writes);
  const values = new Array<Value>(writes.length);
  for (let at = 0; at < writes.length; at += 1) values[at] = (writes[at] as (typeof writes)[number]).to;
  return new ValueSet(layout.columns, layout.places, values);
}

/** Null where fields share columns or have several. */
function layoutOf(
  prepared: PreparedMapping,
  side: Side,
  writes: readonly Pick<FieldWrite, 'index'>[],
): SetLayout | null {
  let known = layouts.get(prepared);
  if (known === undefined) layouts.set(prepared, (known = { hq: null, channel: null }));
  const last = known[side];
  if (last !== null && sameIndices(last.indices, writes)) return last;
  const columns: string[] = [];
  const places = new Map<string, number>();
  for (const { index } of writes) {
    const [place, ...others] = prepared.fields[index]?.columns[side] ?? [];
    const column = place === undefined ? undefined : prepared.sides[side].columns[place];
    if (column === undefined || others.length > 0 || places.has(column)) return null;
    places.set(column, columns.length);
    columns.push(column);
  }
  known[side] = { indices: writes.map(({ index }) => index), columns, places };
  return known[side];
}

function sameIndices(indices: readonly number[], writes: readonly Pick<FieldWrite, 'index'>[]): boolean {
  if (indices.length !== writes.length) return false;
  for (let at = 0; at < indices.length; at += 1) if (indices[at] !== writes[at]?.index) return false;
  return true;
}

/**
 * The columns that writes set. Composite references may share a column (orders and their lines share the order's
 * number): an empty one never takes away what another field puts there.
 */
export function setOf(
  prepared: PreparedMapping,
  side: Side,
  writes: readonly Pick<FieldWrite, 'index' | 'to'>[],
): Map<string, Value> {
  const set = new Map<string, Value>();
  const { columns } = prepared.sides[side];
  for (const { index, to } of writes) {
    const places = prepared.fields[index]?.columns[side] ?? [];
    const parts = places.length > 1 ? (to === null ? null : tupleParts(to)) : [to];
    for (const [at, place] of places.entries()) {
      const column = columns[place];
      const value = parts?.[at] ?? null;
      if (column !== undefined && (value !== null || !set.has(column))) set.set(column, value);
    }
  }
  return set;
}
