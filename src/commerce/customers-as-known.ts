/**
 * What is known of the customers that operations speak of when they are received: what the channel holds, what operations
 * applied meanwhile have left, and what those before it would leave. It is what the list shows as old values and finds by;
 * what an operation really met, it says itself once it is applied.
 */
import type { Mapping } from '../domain/mapping.ts';
import type { OperationPart, OperationRow } from '../domain/operation-row.ts';
import { customerTerms, type FieldValues, partTerms, rawTerms } from '../domain/operation-terms.ts';
import type { Value } from '../domain/record.ts';
import { asyncRecordName, type ReceivedRow } from '../ports/commerce.ts';
import type { Coupling } from '../ports/coupling-database.ts';
import type { AsyncRecord } from '../ports/operation-outcome.ts';
import { basesOf } from './bases-recorded.ts';
import { type CommerceSite, laneFor, mappingFor } from './commerce-site.ts';
import { valuesLeft } from './overtaken.ts';

interface Known {
  values: Record<string, Value>;
  account: string | null;
}

/** The rows in the order of their counters, each with the customer as it will find it. */
export async function withCustomers(
  commerce: CommerceSite,
  channel: string,
  part: OperationPart,
  rows: readonly (OperationRow & Pick<ReceivedRow, 'completed'>)[],
): Promise<ReceivedRow[]> {
  const readable = rows.filter(({ malformed }) => malformed === null);
  const customers = await recordsAsKnown(commerce, channel, 'customers', readable);
  const parts = part === 'customers' ? customers : await recordsAsKnown(commerce, channel, part, readable);
  const bases = await basesOf(commerce, channel, part, readable);
  return rows
    .toSorted((a, b) => Number(BigInt(a.counter) - BigInt(b.counter)))
    .map((row) => {
      if (row.malformed !== null) return { ...row, account: null, found: null, base: null, terms: rawTerms(row.row) };
      const customer = customers.get(nameOf('customers', row));
      const before = parts.get(nameOf(part, row));
      const found = before === undefined ? null : { ...before.values };
      const terms =
        part === 'customers' ? customerTerms(found, row.values) : partTerms(customer?.values ?? {}, found, row.values);
      // One that came before and was only marked as done says nothing new.
      if (!row.completed) overlay(parts, nameOf(part, row), row.values);
      return { ...row, account: customer?.account ?? null, found, base: bases.get(row.counter) ?? null, terms };
    });
}

const nameOf = (part: OperationPart, { guid, partKey }: Pick<OperationRow, 'guid' | 'partKey'>): string =>
  asyncRecordName((guid ?? '').toLowerCase(), part === 'customers' ? '' : (partKey ?? ''));

async function recordsAsKnown(
  commerce: CommerceSite,
  channel: string,
  part: OperationPart,
  rows: readonly OperationRow[],
): Promise<Map<string, Known>> {
  const known = new Map<string, Known>();
  const named = rows.map((row) => ({ guid: row.guid ?? '', partKey: part === 'customers' ? '' : (row.partKey ?? '') }));
  if (named.length === 0) return known;
  const records = await commerce.database.asyncRecords(laneFor(commerce, channel, part), named);
  const ids = [...records.values()].map(({ couplingId }) => couplingId);
  const couplings = ids.length === 0 ? new Map<string, Coupling>() : await commerce.site.database.couplingsById(ids);
  const mapping = mappingFor(commerce, channel, part);
  for (const [name, record] of records) {
    const coupling = couplings.get(record.couplingId);
    if (coupling) known.set(name, channelValues(mapping, record, coupling, commerce.rules.account.column));
  }
  const open = await commerce.database.openOperationsOf(channel, [...new Set(named.map(({ guid }) => guid))]);
  for (const operation of open) {
    if (operation.part !== part) continue;
    const name = nameOf(part, operation);
    const values = { ...operation.values, ...operation.corrections };
    overlay(known, name, valuesLeft(values, records.get(name)?.seen, operation.counter));
  }
  return known;
}

function channelValues(mapping: Mapping, record: AsyncRecord, coupling: Coupling, accountColumn: string): Known {
  const values: Record<string, Value> = {};
  let account: string | null = null;
  for (const [at, field] of mapping.fields.entries()) {
    if (field.hq?.length === 1 && field.hq[0] === accountColumn) account = coupling.base.hq[at] ?? null;
    if (field.channel === null || field.references !== null) continue;
    const base = coupling.base.channel[at] ?? null;
    const left = record.seen[field.name];
    const stands = left && left.base[0] === (coupling.base.hq[at] ?? null) && left.base[1] === base;
    values[field.name] = stands ? left.channel : base;
  }
  return { values, account };
}

function overlay(known: Map<string, Known>, name: string, values: FieldValues): void {
  const before = known.get(name);
  known.set(name, { values: { ...before?.values, ...values }, account: before?.account ?? null });
}
