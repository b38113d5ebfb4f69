/**
 * The columns that a write sets, as a map. Writes of one batch mostly set the same columns: those share the places of
 * the columns, and each brings its values only. A Map for each was a seventh of all that a first load allocated.
 */
import type { Value } from './record.ts';

export class ValueSet implements ReadonlyMap<string, Value> {
  readonly columns: readonly string[];
  readonly #places: ReadonlyMap<string, number>;
  readonly #values: readonly Value[];

  /** `places` says where in `values` the value of each of `columns` is. */
  constructor(columns: readonly string[], places: ReadonlyMap<string, number>, values: readonly Value[]) {
    this.columns = columns;
    this.#places = places;
    this.#values = values;
  }

  get size(): number {
    return this.columns.length;
  }
  has(column: string): boolean {
    return this.#places.has(column);
  }
  get(column: string): Value | undefined {
    const place = this.#places.get(column);
    return place === undefined ? undefined : (this.#values[place] ?? null);
  }
  forEach(visit: (value: Value, column: string, map: ReadonlyMap<string, Value>) => void): void {
    for (const [column, value] of this) visit(value, column, this);
  }
  keys(): MapIterator<string> {
    return this.#places.keys();
  }
  *values(): MapIterator<Value> {
    for (const column of this.columns) yield this.get(column) ?? null;
  }
  *entries(): MapIterator<[string, Value]> {
    for (const column of this.columns) yield [column, this.get(column) ?? null];
  }
  [Symbol.iterator](): MapIterator<[string, Value]> {
    return this.entries();
  }
}
