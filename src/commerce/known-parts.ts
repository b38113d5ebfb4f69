/**
 * Parts that no operation brought: born in HQ, or entered in the channel's own tables. The channel names them by the key
 * that they have there, and the GUID says whose they are.
 */
import { keyText, type RecordKey, type Value } from '../domain/record.ts';
import { partKeyColumn } from '../domain/operation-row.ts';
import type { OperationPart } from '../domain/operation-row.ts';
import { asyncRecordName, type CustomerOperation } from '../ports/commerce.ts';
import type { AsyncRecord } from '../ports/operation-outcome.ts';
import { type CommerceSite, laneFor, mappingFor } from './commerce-site.ts';

/** By the name that an operation gives the part; of those that are known already, nothing. */
export async function partsByChannelKey(
  commerce: CommerceSite,
  channel: string,
  part: OperationPart,
  operations: readonly Pick<CustomerOperation, 'guid' | 'partKey'>[],
  records: ReadonlyMap<string, AsyncRecord>,
  parents: ReadonlyMap<string, AsyncRecord>,
): Promise<ReadonlyMap<string, AsyncRecord>> {
  const { database } = commerce.site;
  const lane = laneFor(commerce, channel, part);
  const mapping = mappingFor(commerce, channel, part);
  const keyColumn = partKeyColumn(mapping, commerce.rules.customers);
  const reference = mapping.fields.find(({ references }) => references?.mapping === commerce.rules.customers);
  const found = new Map<string, AsyncRecord>();
  const sought = operations.filter(
    ({ guid, partKey }) => partKey !== null && !records.has(asyncRecordName(guid ?? '', partKey)),
  );
  if (keyColumn === null || !reference?.channel || sought.length === 0) return found;
  const customers = await database.couplingsById([...parents.values()].map(({ couplingId }) => couplingId));
  const keyed = sought.flatMap((operation) => {
    const customer = customers.get(parents.get(asyncRecordName(operation.guid ?? '', ''))?.couplingId ?? '');
    const ofCustomer = customer?.channelKey ?? null;
    if (!customer || ofCustomer === null) return [];
    const key = mapping.channel.key.map(
      (column): Value =>
        column === keyColumn ? operation.partKey : (ofCustomer[reference.channel?.indexOf(column) ?? -1] ?? null),
    );
    return key.includes(null) ? [] : [{ operation, customer, key: key as unknown as RecordKey }];
  });
  const couplings = await database.couplingsByKey(
    lane,
    'channel',
    keyed.map(({ key }) => key),
  );
  const referenceAt = mapping.fields.indexOf(reference);
  for (const { operation, customer, key } of keyed) {
    const coupling = couplings.get(keyText(key));
    if (!coupling || coupling.status === 'ended') continue;
    // A key of the channel's table alone: it may be the address of somebody else.
    const owner = coupling.base.channel[referenceAt] ?? null;
    const own = customer.channelKey?.length === 1 ? customer.channelKey[0] : JSON.stringify(customer.channelKey);
    if (owner !== own) continue;
    found.set(asyncRecordName(operation.guid ?? '', operation.partKey ?? ''), {
      ...lane,
      guid: operation.guid ?? '',
      partKey: operation.partKey ?? '',
      couplingId: coupling.id,
      hqKey: coupling.hqKey,
      createdBy: null,
      seen: {},
    });
  }
  return found;
}
