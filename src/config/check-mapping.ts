/** What a mapping may not say although every part of it is well formed. Each rule gives findings, whatever the others say. */
import { isTargetOnly, travels } from '../domain/mapping.ts';
import type { Direction, Side } from '../domain/record.ts';
import { SIDES } from '../domain/record.ts';
import { unknownName } from './explain-issues.ts';
import type { Finding, Path } from './problem.ts';
import { alternatives } from './problem.ts';
import { fieldDirection } from './resolve-mapping.ts';
import type { FieldInput, MappingInput } from './schema-mapping.ts';

/** Names as they stand in the file, also of what could not be read: they are known, so nobody is told otherwise. */
export interface KnownNames {
  readonly channels: readonly string[];
  readonly mappings: readonly string[];
  readonly fieldsOf: (mapping: string) => readonly string[];
}

/** `isWhole`: nothing of the mapping was left out because the schema refused it. */
export function checkMapping(
  name: string,
  input: MappingInput,
  known: KnownNames,
  isWhole: boolean,
): readonly Finding[] {
  const path: Path = ['mappings', name];
  return [
    ...checkChannels(path, input, known),
    ...Object.entries(input.fields).flatMap(([field, written]) =>
      checkField([...path, 'fields', field], written, input.direction ?? 'both', known),
    ),
    ...(isWhole ? checkDirection(path, input) : []),
    ...checkMatch(path, input, known.fieldsOf(name)),
    ...checkLatestWins(path, input),
    ...checkDeletions(path, input),
    ...checkSchedule(path, input),
    ...SIDES.flatMap((side) => [...checkKey(path, input, side), ...checkOnCreate(path, input, side)]),
    ...SIDES.flatMap((side) => checkWrittenTwice(path, input, side)),
  ];
}

function checkChannels(path: Path, input: MappingInput, known: KnownNames): readonly Finding[] {
  return (input.channels ?? []).flatMap((channel, index) =>
    known.channels.includes(channel)
      ? []
      : [
          unknownName(
            [...path, 'channels', index],
            'value',
            channel,
            known.channels,
            'unknown-channel',
            'a channel of this file',
          ),
        ],
  );
}

function checkField(path: Path, field: FieldInput, direction: Direction, known: KnownNames): readonly Finding[] {
  const own = field.constant === undefined ? checkColumns(path, field) : checkConstant(path, field);
  const idle = fieldDirection(field, direction) === null;
  const idleFinding: Finding = {
    path: [...path, ...(field.direction === undefined ? [] : ['direction'])],
    at: 'value',
    severity: 'warning',
    code: 'field-never-travels',
    message: `the mapping goes ${direction} only, so this field never travels and is left out`,
  };
  return [...own, ...checkReference(path, field, known), ...checkValues(path, field), ...(idle ? [idleFinding] : [])];
}

function checkColumns(path: Path, field: FieldInput): readonly Finding[] {
  const missing = SIDES.filter((side) => field[side] === undefined);
  const several = SIDES.filter((side) => Array.isArray(field[side]) && field[side].length > 1);
  return [
    ...missing.map((side): Finding => {
      const message = `the ${side} column is missing; only a field with a constant has one side`;
      return { path: [...path, side], at: 'name', code: 'option-missing', message, value: null };
    }),
    ...several.flatMap((side): readonly Finding[] => {
      if (field.references !== undefined) return repeatedColumns([...path, side], field[side]);
      const message = 'several columns are for a reference to a parent with a composite key; references is missing';
      return [{ path: [...path, side], at: 'value', code: 'several-columns', message, value: null }];
    }),
  ];
}

function repeatedColumns(path: Path, columns: string | readonly string[] | undefined): readonly Finding[] {
  if (!Array.isArray(columns)) return [];
  return columns.flatMap((column: string, index): readonly Finding[] =>
    columns.indexOf(column) === index
      ? []
      : [
          {
            path: [...path, index],
            at: 'value',
            code: 'column-repeated',
            message: '{value} stands in this list already',
          },
        ],
  );
}

function checkConstant(path: Path, field: FieldInput): readonly Finding[] {
  const findings: Finding[] = [];
  const sides = SIDES.filter((side) => field[side] !== undefined);
  const [side] = sides;
  const report = (option: string, message: string): void => {
    findings.push({ path: [...path, option], at: 'name', code: 'constant-misplaced', message, value: option });
  };
  if (side === undefined || sides.length > 1) {
    report('constant', 'a constant is written on one side: name hq or channel, not both');
    return findings;
  }
  const target = side === 'hq' ? 'toHq' : 'toChannel';
  if (field.direction !== undefined && field.direction !== target) {
    const message = `a constant of the ${side} side travels ${target}`;
    findings.push({
      path: [...path, 'direction'],
      at: 'value',
      code: 'constant-misplaced',
      message,
      allowed: [target],
      suggestion: target,
    });
  }
  if (Array.isArray(field[side]) && field[side].length > 1) report(side, 'a constant is written to one column');
  for (const option of ['values', 'transform', 'references'] as const) {
    if (field[option] !== undefined) report(option, `a constant has no ${option}`);
  }
  return findings;
}

function checkReference(path: Path, field: FieldInput, known: KnownNames): readonly Finding[] {
  if (field.references === undefined) {
    if (field.ifUncoupled === undefined) return [];
    const message = 'ifUncoupled is for a field with references';
    return [{ path: [...path, 'ifUncoupled'], at: 'name', code: 'reference-missing', message, value: 'ifUncoupled' }];
  }
  const findings: Finding[] = [];
  if (!known.mappings.includes(field.references)) {
    const at = [...path, 'references'];
    findings.push(
      unknownName(at, 'value', field.references, known.mappings, 'unknown-mapping', 'a mapping of this file'),
    );
  }
  for (const option of ['values', 'transform'] as const) {
    if (field[option] === undefined) continue;
    const message = `a reference is carried over by the couplings of its parent, so ${option} has no place here`;
    findings.push({ path: [...path, option], at: 'name', code: 'option-not-combinable', message, value: option });
  }
  return findings;
}

/** Not one-to-one: on the way back the first of several wins, so a value comes back as another. */
function checkValues(path: Path, field: FieldInput): readonly Finding[] {
  const seen = new Map<string, string>();
  return Object.entries(field.values ?? {}).flatMap(([hq, channel]): readonly Finding[] => {
    const text = String(channel);
    const first = seen.get(text);
    if (first === undefined) seen.set(text, hq);
    if (first === undefined) return [];
    const message = `${JSON.stringify(first)} and ${JSON.stringify(hq)} both become {value}; on the way to HQ it becomes ${JSON.stringify(first)}`;
    return [
      { path: [...path, 'values', hq], at: 'value', severity: 'warning', code: 'values-not-one-to-one', message },
    ];
  });
}

function checkDirection(path: Path, input: MappingInput): readonly Finding[] {
  const direction = input.direction ?? 'both';
  const served = Object.values(input.fields).flatMap((field) =>
    field.constant === undefined ? (fieldDirection(field, direction) ?? []) : [],
  );
  const unserved = SIDES.filter((side) => travels(direction, side) && !served.some((own) => travels(own, side)));
  if (unserved.length === 0) return [];
  const all = served.length === 0;
  const ways = unserved.map((side) => (side === 'hq' ? 'toHq' : 'toChannel'));
  const [left] = direction === 'both' ? (['toHq', 'toChannel'] as const).filter((way) => !ways.includes(way)) : [];
  const message = all
    ? `no field travels ${alternatives(direction === 'both' ? ways : [direction])}, so this mapping would do nothing`
    : `no field travels ${alternatives(ways)}: say direction: ${left}, or let a field go both ways`;
  const written = input.direction === undefined ? path : [...path, 'direction'];
  return [
    {
      path: written,
      at: input.direction === undefined ? 'name' : 'value',
      severity: all ? 'error' : 'warning',
      code: 'direction-not-served',
      message,
      value: direction,
      ...(left !== undefined && { suggestion: left }),
    },
  ];
}

function checkMatch(path: Path, input: MappingInput, fields: readonly string[]): readonly Finding[] {
  return (input.match ?? []).flatMap((group, index) => {
    const base = Array.isArray(group) ? [...path, 'match', index] : [...path, 'match', index, 'fields'];
    const names = Array.isArray(group) ? group : group.fields;
    return names.flatMap((name, place): readonly Finding[] => {
      const at = [...base, place];
      if (!fields.includes(name))
        return [unknownName(at, 'value', name, fields, 'unknown-field', 'a field of this mapping')];
      const field = Object.hasOwn(input.fields, name) ? input.fields[name] : undefined;
      if (field === undefined) return [];
      if (field.constant !== undefined)
        return [noMatch(at, '{value} is a constant, which tells no record from another')];
      const idle = fieldDirection(field, input.direction ?? 'both') === null;
      return idle ? [noMatch(at, '{value} never travels in this mapping, so it cannot be matched')] : [];
    });
  });
}

const noMatch = (path: Path, message: string): Finding => ({ path, at: 'value', code: 'match-impossible', message });

function checkLatestWins(path: Path, input: MappingInput): readonly Finding[] {
  const missing = SIDES.filter((side) => input[side].modifiedAt === undefined);
  if (missing.length === 0) return [];
  const places: Path[] = [];
  if (input.conflicts?.resolve === 'latestWins') places.push([...path, 'conflicts', 'resolve']);
  for (const [name, field] of Object.entries(input.fields)) {
    if (field.resolve === 'latestWins') places.push([...path, 'fields', name, 'resolve']);
  }
  const message = `latestWins needs modifiedAt on both sides; it is missing on ${missing.join(' and ')}`;
  return places.map((place): Finding => ({ path: place, at: 'value', code: 'modified-at-missing', message }));
}

function checkDeletions(path: Path, input: MappingInput): readonly Finding[] {
  const { deletions } = input;
  if (typeof deletions !== 'object') return [];
  const policies: Readonly<Record<Side, string | undefined>> = { hq: deletions.inHq, channel: deletions.inChannel };
  return SIDES.flatMap((side): readonly Finding[] => {
    if (policies[side] !== 'propagate' || !isTargetOnly({ direction: input.direction ?? 'both' }, side)) return [];
    const message = 'a deletion in the target of a one-way mapping is never propagated';
    const option = side === 'hq' ? 'inHq' : 'inChannel';
    return [
      { path: [...path, 'deletions', option], at: 'value', severity: 'warning', code: 'never-propagated', message },
    ];
  });
}

function checkSchedule(path: Path, input: MappingInput): readonly Finding[] {
  if (input.scope !== 'full' || (input.schedule !== undefined && input.schedule.trim() !== 'continuous')) return [];
  const message =
    'a full comparison cannot run continuously: give the mapping a schedule such as "every 1h" or a cron line';
  return [{ path: [...path, 'scope'], at: 'value', code: 'full-needs-schedule', message }];
}

const checkKey = (path: Path, input: MappingInput, side: Side): readonly Finding[] =>
  repeatedColumns([...path, side, 'key'], input[side].key);

const columnsOf = (field: FieldInput, side: Side): readonly string[] => {
  const columns = field[side] ?? [];
  return typeof columns === 'string' ? [columns] : columns;
};

/** The fields that write to a side, with their columns. */
function* writers(input: MappingInput, side: Side): Generator<readonly [field: string, column: string]> {
  for (const [name, field] of Object.entries(input.fields)) {
    const direction = fieldDirection(field, input.direction ?? 'both');
    if (direction === null || !travels(direction, side)) continue;
    for (const column of columnsOf(field, side)) yield [name, column];
  }
}

function checkOnCreate(path: Path, input: MappingInput, side: Side): readonly Finding[] {
  const written = new Map([...writers(input, side)].map(([field, column]) => [column, field]));
  return Object.keys(input[side].onCreate ?? {}).flatMap((column): readonly Finding[] => {
    const field = written.get(column);
    if (field === undefined) return [];
    const message = `{value} is written by the field ${field}; onCreate is for unmapped columns`;
    return [
      { path: [...path, side, 'onCreate', column], at: 'name', code: 'column-written-twice', message, value: column },
    ];
  });
}

function checkWrittenTwice(path: Path, input: MappingInput, side: Side): readonly Finding[] {
  const first = new Map<string, string>();
  return [...writers(input, side)].flatMap(([field, column]): readonly Finding[] => {
    const other = first.get(column);
    if (other === undefined) first.set(column, field);
    if (other === undefined || other === field) return [];
    const way = side === 'hq' ? 'toChannel' : 'toHq';
    const both = `the fields ${other} and ${field} would both write the ${side} column ${JSON.stringify(column)}`;
    const at = {
      path: [...path, 'fields', field, side],
      at: 'value',
      code: 'column-written-twice',
      value: column,
    } as const;
    // Composite keys of two parents may share a part (a company, say), which no other modelling can avoid.
    const shared = [other, field].every((name) => columnsOf(input.fields[name] ?? {}, side).length > 1);
    if (shared) return [{ ...at, severity: 'warning', message: `${both}: both parents must always agree in it` }];
    return [{ ...at, message: `${both}; one of them may only travel ${way}` }];
  });
}
