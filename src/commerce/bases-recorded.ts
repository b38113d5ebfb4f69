/**
 * What the channel had seen when it recorded an operation. The base of a coupling moves whenever 1010 brings something to
 * the channel; an operation recorded before that did not know of it, so its own base is kept with it, and of rows that are
 * not pulled yet it is noted before 1010 works.
 */
import { readOperationRow, type OperationPart, type OperationRow } from '../domain/operation-row.ts';
import { keyText } from '../domain/record.ts';
import { readMarks } from '../engine/run/read-marks.ts';
import { asyncRecordName, type RecordedBase } from '../ports/commerce.ts';
import type { AsyncRecord } from '../ports/operation-outcome.ts';
import { type CommerceSite, laneFor, mappingFor, partsOf, pullLane } from './commerce-site.ts';
import { partsByChannelKey } from './known-parts.ts';
import { openOperationTable, rowOf } from './operation-table.ts';

const BATCH_ROWS = 1_000;

/** By counter; nothing for what no coupling is known of. */
export async function basesOf(
  commerce: CommerceSite,
  channel: string,
  part: OperationPart,
  rows: readonly Pick<OperationRow, 'counter' | 'guid' | 'partKey'>[],
): Promise<ReadonlyMap<string, RecordedBase>> {
  const lane = laneFor(commerce, channel, part);
  const named = rows.map(({ guid, partKey }) => ({ guid: (guid ?? '').toLowerCase(), partKey }));
  const known = await commerce.database.asyncRecords(
    lane,
    named.map(({ guid, partKey }) => ({ guid, partKey: part === 'customers' ? '' : (partKey ?? '') })),
  );
  const parts = part === 'customers' ? [] : await partsOfNames(commerce, channel, part, named, known);
  const records = new Map([...known, ...parts]);
  const couplings = await commerce.site.database.couplingsById(
    [...records.values()].map(({ couplingId }) => couplingId),
  );
  const { fields } = mappingFor(commerce, channel, part);
  const bases = new Map<string, RecordedBase>();
  for (const [at, { counter }] of rows.entries()) {
    const { guid, partKey } = named[at] ?? { guid: '', partKey: null };
    const record = records.get(asyncRecordName(guid, part === 'customers' ? '' : (partKey ?? '')));
    const coupling = record && couplings.get(record.couplingId);
    if (!coupling || coupling.status === 'ended') continue;
    const { base } = coupling;
    const entries = fields.flatMap(({ name }, index) =>
      base.states === null || base.states[index] === 'known'
        ? [[name, [base.hq[index] ?? null, base.channel[index] ?? null]] as const]
        : [],
    );
    bases.set(counter, Object.fromEntries(entries));
  }
  return bases;
}

async function partsOfNames(
  commerce: CommerceSite,
  channel: string,
  part: OperationPart,
  named: readonly { readonly guid: string; readonly partKey: string | null }[],
  known: ReadonlyMap<string, AsyncRecord>,
): Promise<ReadonlyMap<string, AsyncRecord>> {
  const parents = await commerce.database.asyncRecords(
    laneFor(commerce, channel, 'customers'),
    named.map(({ guid }) => ({ guid, partKey: '' })),
  );
  return partsByChannelKey(commerce, channel, part, named, known, parents);
}

export async function noteBases(commerce: CommerceSite, channel: string): Promise<void> {
  // A channel without operation tables records none.
  if (commerce.rules.channels[channel] === undefined) return;
  await readMarks(commerce.site, 'channel', channel);
  for (const part of partsOf(commerce.rules)) {
    for (let after: string | null = null; ; ) {
      const lane = pullLane(channel, part);
      const page = await commerce.site.database.takePending(lane, ['due', 'waiting', 'deletion'], after, BATCH_ROWS);
      after = page.at(-1)?.id ?? null;
      if (after === null) break;
      const counters = page.flatMap(({ key }) => key[0] ?? []);
      const noted = await commerce.database.basesNoted(channel, part, counters);
      await noteRows(
        commerce,
        channel,
        part,
        counters.filter((counter) => !noted.has(counter)),
      );
    }
  }
}

async function noteRows(
  commerce: CommerceSite,
  channel: string,
  part: OperationPart,
  counters: readonly string[],
): Promise<void> {
  if (counters.length === 0) return;
  const { table, columns, reader } = await openOperationTable(commerce, channel, part);
  const { records } = await table.read(
    counters.map((counter) => [counter]),
    null,
  );
  const rows = counters.flatMap((counter) => {
    const record = records.get(keyText([counter]));
    return record ? [readOperationRow(reader, rowOf(columns, record.values))] : [];
  });
  const bases = await basesOf(
    commerce,
    channel,
    part,
    rows.filter(({ malformed }) => malformed === null),
  );
  if (bases.size === 0) return;
  await commerce.database.noteBases(
    channel,
    part,
    [...bases].map(([counter, base]) => ({ counter, base })),
  );
}
