/** What mappings and channels may not say together: references, tables that several write, names, overrides. */
import type { Mapping } from '../domain/mapping.ts';
import { resolveForChannel, sameTable, tableText, writtenColumnsOf } from '../domain/mapping.ts';
import type { Side } from '../domain/record.ts';
import { SIDES } from '../domain/record.ts';
import type { KnownNames } from './check-mapping.ts';
import { nameInvalid, unknownName } from './explain-issues.ts';
import type { Finding, Path } from './problem.ts';
import { isName } from './schema-parts.ts';
import type { ChannelInput, PartialConfigurationInput } from './schema.ts';

export function checkTogether(
  mappings: readonly Mapping[],
  input: PartialConfigurationInput,
  known: KnownNames,
): readonly Finding[] {
  return [
    ...checkNames(known),
    ...checkReferences(mappings),
    ...checkTables(mappings),
    ...checkOverrides(mappings, input.channels ?? {}, known),
    ...checkRenames('mappings', input.mappings ?? {}, known.mappings),
    ...checkRenames('channels', input.channels ?? {}, known.channels),
  ];
}

/** Words that the API or the page uses in the place of a name. */
const RESERVED_CHANNELS = ['hq', 'channel', 'all'];
const RESERVED_MAPPINGS = ['all'];

function checkNames(known: KnownNames): readonly Finding[] {
  return [
    ...known.channels.flatMap((name) => checkName(['channels', name], RESERVED_CHANNELS)),
    ...known.mappings.flatMap((name) => checkName(['mappings', name], RESERVED_MAPPINGS)),
    ...known.mappings.flatMap((mapping) =>
      known.fieldsOf(mapping).flatMap((name) => checkName(['mappings', mapping, 'fields', name], [])),
    ),
  ];
}

function checkName(path: Path, words: readonly string[]): readonly Finding[] {
  const name = String(path.at(-1));
  // `constructor` and its like mean something to JavaScript wherever a name is looked up in an object.
  if (words.includes(name.toLowerCase()) || name in {}) {
    const message = '{value} is reserved; choose another name';
    return [{ path, at: 'name', code: 'name-reserved', message, value: name }];
  }
  return isName(name) ? [] : [nameInvalid(path, 'name')];
}

function checkReferences(mappings: readonly Mapping[]): readonly Finding[] {
  const byName = new Map(mappings.map((mapping) => [mapping.name, mapping]));
  return mappings.flatMap((mapping) =>
    mapping.fields.flatMap((field): readonly Finding[] => {
      const parent = field.references === null ? undefined : byName.get(field.references.mapping);
      if (parent === undefined) return [];
      const path: Path = ['mappings', mapping.name, 'fields', field.name];
      const findings: Finding[] = [];
      for (const side of SIDES) {
        const columns = field[side]?.length ?? 0;
        const key = parent[side].key;
        if (columns === 0 || columns === key.length) continue;
        const message = `the ${side} key of ${parent.name} is ${key.join(', ')}: as many columns must refer to it, in that order`;
        findings.push({
          path: [...path, side],
          at: 'value',
          code: 'reference-columns',
          message,
          value: field[side]?.join(', ') ?? null,
        });
      }
      const missing = mapping.channels.filter((channel) => !parent.channels.includes(channel));
      if (missing.length > 0) {
        const message = `${mapping.name} serves ${missing.join(', ')}, but its parent {value} does not`;
        findings.push({ path: [...path, 'references'], at: 'value', code: 'reference-channel', message });
      }
      if (mapping.enabled && !parent.enabled) {
        const message = 'the parent {value} is not enabled, so records wait for parents that nothing couples';
        findings.push({
          path: [...path, 'references'],
          at: 'value',
          severity: 'warning',
          code: 'parent-not-enabled',
          message,
        });
      }
      return findings;
    }),
  );
}

/**
 * Two mappings with a channel in common that write the same column of the same table would undo each other's work.
 * Filters that differ may keep the records apart, which only the stores know.
 */
function checkTables(mappings: readonly Mapping[]): readonly Finding[] {
  return mappings.flatMap((mapping, index) =>
    mappings.slice(0, index).flatMap((other) => SIDES.flatMap((side) => checkPair(other, mapping, side) ?? [])),
  );
}

function checkPair(first: Mapping, second: Mapping, side: Side): Finding | null {
  let found: { readonly columns: readonly string[]; readonly table: string; readonly apart: boolean } | null = null;
  for (const channel of second.channels.filter((name) => first.channels.includes(name))) {
    const [a, b] = [resolveForChannel(first, channel), resolveForChannel(second, channel)];
    if (!sameTable(a[side].table, b[side].table)) continue;
    const written = new Set(writtenColumnsOf(a, side));
    const columns = writtenColumnsOf(b, side).filter((column) => written.has(column));
    const apart = a[side].filter !== null && b[side].filter !== null && a[side].filter !== b[side].filter;
    if (columns.length > 0 && (found === null || !apart)) found = { columns, table: tableText(b[side].table), apart };
  }
  if (found === null) return null;
  const columns = found.columns.map((column) => JSON.stringify(column)).join(', ');
  const both = `the mappings ${first.name} and ${second.name} both write ${columns} of the ${side} table ${found.table}`;
  const field = second.fields.find((candidate) => candidate[side]?.some((column) => found.columns.includes(column)));
  return {
    path: ['mappings', second.name, 'fields', field?.name ?? '', side],
    at: 'value',
    severity: found.apart ? 'warning' : 'error',
    code: 'column-written-twice',
    message: found.apart
      ? `${both}: their filters must never let the same record pass`
      : `${both}: a column of a record may be written by one mapping; use filters that exclude each other, or one-way fields`,
    value: found.columns[0] ?? null,
  };
}

function checkOverrides(
  mappings: readonly Mapping[],
  channels: Readonly<Record<string, ChannelInput>>,
  known: KnownNames,
): readonly Finding[] {
  return Object.entries(channels).flatMap(([channel, { overrides = {} }]) =>
    Object.entries(overrides).flatMap(([name, override]): readonly Finding[] => {
      const path: Path = ['channels', channel, 'overrides', name];
      if (!known.mappings.includes(name)) {
        return [
          {
            ...unknownName(path, 'name', name, known.mappings, 'unknown-mapping', 'a mapping of this file'),
            value: name,
          },
        ];
      }
      const mapping = mappings.find((candidate) => candidate.name === name);
      if (mapping === undefined) return [];
      if (!mapping.channels.includes(channel)) {
        const message = `{value} does not serve the channel ${channel}, so this has no effect`;
        return [{ path, at: 'name', severity: 'warning', code: 'override-without-effect', message, value: name }];
      }
      if (mapping.scope === 'full' && override.schedule?.trim() === 'continuous') {
        const message = 'a full comparison cannot run continuously';
        return [{ path: [...path, 'schedule'], at: 'value', code: 'full-needs-schedule', message }];
      }
      return [];
    }),
  );
}

function checkRenames(
  section: 'mappings' | 'channels',
  entries: Readonly<Record<string, { readonly renamedFrom?: string | undefined }>>,
  known: readonly string[],
): readonly Finding[] {
  const taken = new Map<string, string>();
  return Object.entries(entries).flatMap(([name, { renamedFrom }]): readonly Finding[] => {
    if (renamedFrom === undefined) return [];
    const other = taken.get(renamedFrom);
    taken.set(renamedFrom, name);
    const path: Path = [section, name, 'renamedFrom'];
    if (known.includes(renamedFrom)) {
      const message = '{value} is still in this file, so it cannot have been renamed';
      return [{ path, at: 'value', code: 'renamed-from-exists', message }];
    }
    if (other === undefined) return [];
    return [{ path, at: 'value', code: 'renamed-from-twice', message: `${other} was renamed from {value} already` }];
  });
}
