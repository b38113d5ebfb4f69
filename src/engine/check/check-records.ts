/** What only the records of a mapping tell: a first run that would double them, transforms that do not undo each other. */
import { equalValues } from '../../domain/equal-values.ts';
import { type Field, type Mapping, tableText } from '../../domain/mapping.ts';
import { fieldValuesOf } from '../../domain/prepare-mapping.ts';
import type { PreparedField, PreparedMapping } from '../../domain/prepared-mapping.ts';
import { type Side, SIDES, type Value } from '../../domain/record.ts';
import { shortenText } from '../../domain/shorten-text.ts';
import { roundTrips } from '../../domain/transform-value.ts';
import { StoreBusy, StoreRefused, StoreUnreachable } from '../../errors/store-faults.ts';
import type { Lane } from '../../ports/store.ts';
import type { AddFinding } from '../lane/setup-finding.ts';
import { shapeOf } from '../run/open-lane.ts';
import type { CheckedStore } from './check-store.ts';
import { fieldPath } from './setup-paths.ts';

/** Records looked at on each side for whether their values come back as they went. */
const SAMPLED_RECORDS = 500;
const SHOWN_CHARACTERS = 40;

export interface RecordsCheck {
  readonly lane: Lane;
  readonly mapping: Mapping;
  readonly stores: Readonly<Record<Side, CheckedStore>>;
  readonly isCoupled: boolean;
  readonly on: (side: Side) => AddFinding;
}

type Sample = readonly (readonly Value[])[];

const isChanged = ({ values, transform }: Field): boolean =>
  values !== null || transform.toHq.length + transform.toChannel.length > 0;

export async function checkRecords(check: RecordsCheck, prepared: PreparedMapping): Promise<void> {
  const { mapping, isCoupled, on } = check;
  const mayDouble = !isCoupled && !mapping.coupledOnly && mapping.match.length === 0;
  const changed = prepared.fields.filter(({ field }) => isChanged(field));
  if (!mayDouble && changed.length === 0) return;
  const hq = await look(check, prepared, 'hq', mayDouble);
  const channel = await look(check, prepared, 'channel', mayDouble);
  if (hq === null || channel === null) return;
  if (mayDouble && hq.count > 0 && channel.count > 0) {
    const params = { hqRecords: hq.count, channelRecords: channel.count };
    on('channel')('no-match', 'warning', ['mappings', mapping.name], params);
  }
  for (const field of changed) checkRoundTrip(check, field, { hq: hq.sample, channel: channel.sample });
}

async function look(
  { stores, mapping, on }: RecordsCheck,
  prepared: PreparedMapping,
  side: Side,
  counted: boolean,
): Promise<{ readonly count: number; readonly sample: Sample } | null> {
  try {
    const table = await stores[side].store.table(shapeOf(prepared, side));
    const records = await table.scan(null, SAMPLED_RECORDS);
    const sample = records
      .filter(({ inFilter }) => inFilter)
      .map(({ values }) => fieldValuesOf(prepared, side, values));
    return { count: counted ? await table.count() : 0, sample };
  } catch (fault) {
    const { filter, table } = mapping[side];
    const unreadable = fault instanceof StoreRefused && fault.code === 'records-unreadable';
    if (!unreadable) {
      // What the set-up refuses was told from the catalog.
      if (fault instanceof StoreRefused || fault instanceof StoreUnreachable || fault instanceof StoreBusy) return null;
      if (filter === null) throw fault;
    } else if (filter === null) {
      on(side)('records-unreadable', 'error', ['mappings', mapping.name, side, 'table'], fault.params);
      return null;
    }
    const reason = unreadable
      ? (fault.params['reason'] ?? null)
      : fault instanceof Error
        ? fault.message
        : String(fault);
    on(side)('filter-invalid', 'error', ['mappings', mapping.name, side, 'filter'], {
      table: tableText(table),
      reason,
    });
    return null;
  }
}

function checkRoundTrip(
  { mapping, on }: RecordsCheck,
  prepared: PreparedField,
  samples: Readonly<Record<Side, Sample>>,
): void {
  const { field, index, type } = prepared;
  const valuesOf = (side: Side): Value[] => [...new Set(samples[side].map((record) => record[index] ?? null))];
  const sampled = { hq: valuesOf('hq'), channel: valuesOf('channel') };
  const failures = roundTrips(field, sampled, (side, a, b) => equalValues(type[side], a, b));
  const [first] = failures;
  if (first === undefined) return;
  const shown = (value: Value): string =>
    value === null ? 'nothing' : JSON.stringify(shortenText(value, SHOWN_CHARACTERS));
  const params = {
    field: field.name,
    side: first.side,
    value: shown(first.value),
    returned: 'error' in first.returned ? 'an error' : shown(first.returned.value),
    count: failures.length,
    sampled: SIDES.reduce((sum, side) => sum + sampled[side].length, 0),
  };
  on(first.side)('transform-not-reversible', 'warning', fieldPath(mapping.name, field.name, null), params);
}
