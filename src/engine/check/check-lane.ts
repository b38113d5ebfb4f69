/** One mapping with one channel: its tables, columns and types, filters, references, and what its records say. */
import { convertValue, isProblem } from '../../domain/convert-value.ts';
import { type Field, type Mapping, tableText, travels } from '../../domain/mapping.ts';
import { prepareMapping, type PreparationProblem, type SuggestName } from '../../domain/prepare-mapping.ts';
import type { PreparedMapping } from '../../domain/prepared-mapping.ts';
import { otherSide, type Side, SIDES } from '../../domain/record.ts';
import { typesConvertible } from '../../domain/type-conversion.ts';
import { TEXT, type ValueType } from '../../domain/value-type.ts';
import type { Lane, Store, TableDescription, TableName } from '../../ports/store.ts';
import type { BrokenCycles } from '../lane/break-cycles.ts';
import { type AddFinding, grantRemedy, type SetupFinding, setupFinding } from '../lane/setup-finding.ts';
import { mappingOf, type Site } from '../lane/site.ts';
import { checkRecords } from './check-records.ts';
import type { CheckedStore } from './check-store.ts';
import { checkModifiedAt, checkTable } from './check-table.ts';
import { columnPath, fieldPath, filterPath, tablePath } from './setup-paths.ts';
import { soundPart } from './sound-part.ts';

export interface LaneCheck {
  readonly site: Site;
  readonly lane: Lane;
  readonly stores: Readonly<Record<Side, CheckedStore>>;
  readonly cycles: BrokenCycles | null;
  readonly suggest: SuggestName;
  /** False while the lane has no coupling yet: a first run may still double records. */
  readonly isCoupled: boolean;
}

interface LaneWork extends LaneCheck {
  readonly mapping: Mapping;
  readonly described: Readonly<Record<Side, TableDescription | null>>;
  readonly on: (side: Side) => AddFinding;
}

export async function checkLane(check: LaneCheck): Promise<readonly SetupFinding[]> {
  const { site, lane, stores } = check;
  const mapping = mappingOf(site, lane);
  const findings: SetupFinding[] = [];
  const on =
    (side: Side): AddFinding =>
    (code, severity, path, params, remedy) => {
      // A filter that cannot be read fails on the records once more, and says less there.
      if (code === 'filter-invalid' && findings.some((told) => told.code === code && told.side === side)) return;
      findings.push(
        setupFinding({ side, channel: lane.channel, mapping: lane.mapping }, code, severity, path, params, remedy),
      );
    };
  const describe = async (side: Side): Promise<TableDescription | null> =>
    stores[side].survey === null ? null : ((await stores[side].store.describe([mapping[side].table]))[0] ?? null);
  const described = { hq: await describe('hq'), channel: await describe('channel') };
  const work: LaneWork = { ...check, mapping, described, on };
  for (const side of SIDES) await checkSide(work, side);
  const prepared = checkColumns(work);
  await checkReferences(work);
  if (prepared) await checkRecords({ lane, mapping, stores, isCoupled: check.isCoupled, on }, prepared);
  return findings;
}

async function checkSide(work: LaneWork, side: Side): Promise<void> {
  const { site, lane, stores, mapping, described } = work;
  const { survey, captureInstalled } = stores[side];
  if (survey === null) return;
  const description = described[side];
  const add = work.on(side);
  const path = tablePath(site, lane, side);
  if (description === null) {
    const suggestion = suggestTable(work.suggest, mapping[side].table, survey.tables);
    add('table-not-found', 'error', path, {
      table: tableText(mapping[side].table),
      side,
      ...(suggestion !== null && { suggestion }),
    });
    return;
  }
  const check = { mapping, side, path, description, captureInstalled, add };
  checkTable(check);
  checkModifiedAt(check);
  await checkFilter(work, side, stores[side].store);
}

/** A table of the right name in another schema is the likelier mistake. */
function suggestTable(suggest: SuggestName, wanted: TableName, known: readonly TableName[]): string | null {
  const sameName = known.find(({ schema, name }) => schema !== null && name === wanted.name);
  if (sameName !== undefined) return tableText(sameName);
  const candidates = known.filter(({ schema }) => (wanted.schema === null) === (schema === null));
  return suggest(tableText(wanted), candidates.map(tableText));
}

async function checkFilter(work: LaneWork, side: Side, store: Store): Promise<void> {
  const { mapping, site, lane } = work;
  const { filter, table } = mapping[side];
  if (filter === null) return;
  const problem = await store.checkFilter(table, filter);
  if (problem === null) return;
  // Who compares every record needs no marks to see a filter change its answer.
  if (problem.params['readable'] === true && mapping.scope === 'full') return;
  const isRight = problem.code === 'right-missing';
  const { privilege, table: object } = problem.params;
  const isGrant = typeof privilege === 'string' && typeof object === 'string';
  const remedy = isGrant ? grantRemedy(privilege, object) : undefined;
  work.on(side)(problem.code, isRight ? 'warning' : 'error', filterPath(site, lane, side), problem.params, remedy);
}

// ---------------------------------------------------------------- columns and types

/** Said of two columns together, and so of nothing where one of them is not there. */
const OF_BOTH_SIDES: ReadonlySet<string> = new Set(['type-not-mappable', 'type-lossy']);

function checkColumns(work: LaneWork): PreparedMapping | null {
  const { mapping, lane, described, cycles } = work;
  const columns = (side: Side) => described[side]?.columns ?? [];
  const circular = cycles?.deferred.get(lane.mapping) ?? new Set<string>();
  const { prepared, problems } = prepareMapping(
    mapping,
    lane.channel,
    columns('hq'),
    columns('channel'),
    circular,
    (name, known) => work.suggest(name, known),
  );
  const broken = new Set(problems.filter(({ code }) => code === 'column-not-found').map(({ field }) => field));
  const both = described.hq !== null && described.channel !== null;
  for (const problem of problems) {
    // Of a side whose table is not there, everything is missing; of a column that is not there, the type is unknown.
    if (described[problem.side] === null) continue;
    if (OF_BOTH_SIDES.has(problem.code) && (!both || broken.has(problem.field))) continue;
    addPrepared(work, problem);
  }
  for (const field of mapping.fields) checkLabels(work, field);
  if (!both) return null;
  return prepared ?? soundPart(mapping, lane.channel, { hq: columns('hq'), channel: columns('channel') }, problems);
}

function addPrepared(work: LaneWork, { code, severity, side, field, params }: PreparationProblem): void {
  const { mapping } = work;
  const column = typeof params['column'] === 'string' ? params['column'] : null;
  const path =
    field === null
      ? columnPath(mapping, side, column ?? '')
      : fieldPath(mapping.name, field, column === null ? null : side);
  work.on(side)(code, severity, path, params);
}

const typeOf = (description: TableDescription | null, column: string | undefined): ValueType =>
  description?.columns.find(({ name }) => name === column)?.type ?? TEXT;

/** Labels that one enum has and the other lacks; texts of a value map that no value of the column can have. */
function checkLabels(work: LaneWork, field: Field): void {
  const { mapping, described } = work;
  if (field.references !== null || field.constant !== null) return;
  for (const target of SIDES) {
    if (!travels(field.direction, target) || field[target]?.length !== 1) continue;
    const to = typeOf(described[target], field[target][0]);
    const from = typeOf(described[otherSide(target)], field[otherSide(target)]?.[0]);
    const steps = target === 'hq' ? field.transform.toHq : field.transform.toChannel;
    const add = work.on(target);
    if (field.values !== null && target === 'hq' && steps.length === 0) {
      for (const [text] of field.values) {
        const converted = convertValue(TEXT, to, text);
        if (isProblem(converted))
          add('value-invalid', 'error', [...fieldPath(mapping.name, field.name, null), 'values'], {
            field: field.name,
            ...converted.params,
          });
      }
    }
    if (field.values !== null || steps.length > 0 || from.labels === null || to.labels === null) continue;
    const labels = from.labels.filter((label) => !to.labels?.includes(label));
    if (labels.length > 0)
      add('enum-label-missing', 'warning', fieldPath(mapping.name, field.name, target), {
        field: field.name,
        to: to.name,
        labels,
      });
  }
}

// ---------------------------------------------------------------- references

async function checkReferences(work: LaneWork): Promise<void> {
  const { site, lane, mapping, stores, described } = work;
  for (const field of mapping.fields) {
    const { references } = field;
    if (references === null || !site.mappings.some(({ name }) => name === references.mapping)) continue;
    const parent = mappingOf(site, { mapping: references.mapping, channel: lane.channel });
    for (const side of SIDES) {
      if (stores[side].survey === null) continue;
      const [table] = await stores[side].store.describe([parent[side].table]);
      if (table === undefined || table === null) continue;
      checkReferenced(work, side, field, parent, table);
      for (const [at, column] of (field[side] ?? []).entries()) {
        const key = table.columns.find(({ name }) => name === parent[side].key[at]);
        const own = described[side]?.columns.find(({ name }) => name === column);
        if (key === undefined || own === undefined) continue;
        const fits = typesConvertible(key.type, own.type);
        if (fits === 'yes') continue;
        const params = { field: field.name, parent: parent.name, from: key.type.name, to: own.type.name, column };
        work.on(side)(
          'reference-type',
          fits === 'no' ? 'error' : 'warning',
          fieldPath(mapping.name, field.name, side),
          params,
        );
      }
    }
  }
}

/** The store's own foreign key says what the column holds: some other unique column may look like the key and is none. */
function checkReferenced(work: LaneWork, side: Side, field: Field, parent: Mapping, table: TableDescription): void {
  const own = field[side] ?? [];
  const { schema, name } = table.table;
  const referred = (work.described[side]?.foreignKeys ?? [])
    .filter((key) => key.parent.schema === schema && key.parent.name === name && key.columns.length === own.length)
    .map((key) => own.map((column) => key.parentColumns[key.columns.indexOf(column)] ?? ''))
    .filter((columns) => !columns.includes(''));
  const [columns] = referred;
  if (columns === undefined || referred.some((each) => each.every((column, at) => column === parent[side].key[at])))
    return;
  work.on(side)('reference-other-key', 'error', fieldPath(work.mapping.name, field.name, side), {
    field: field.name,
    columns,
    table: tableText(parent[side].table),
    parent: parent.name,
    key: [...parent[side].key],
  });
}
