/** The query of `GET /customer-operations` as a filter; bulk work takes the same in its body. */
import type { OperationPart } from '../domain/operation-row.ts';
import type { OperationCause, OperationFilter } from '../ports/commerce.ts';
import type { CustomerOperations } from '../ports/customer-operations.ts';
import type { MappingPresenter } from '../ports/mapping-presenter.ts';
import { unknownParameter } from './problem.ts';
import type { OperationFilterQuery } from './schemas/customer-operations.ts';

export const NO_OPERATION_FILTER: OperationFilter = {
  ids: null,
  channel: null,
  status: null,
  operation: null,
  code: null,
  causes: null,
  account: null,
  guid: null,
  couplingId: null,
  q: null,
  since: null,
  until: null,
  customerFields: {},
  partFields: {},
};

export function operationFilterOf(
  presenter: MappingPresenter,
  operations: CustomerOperations,
  query: OperationFilterQuery,
): OperationFilter {
  return {
    ids: null,
    channel: query.channel ?? null,
    status: query.status?.filter((status) => status !== 'waiting') ?? null,
    operation: query.operation ?? null,
    code: query.code ?? null,
    causes: query.cause === undefined ? null : query.cause.flatMap((cause) => causeOf(operations, cause)),
    account: query.account ?? null,
    guid: query.asyncAccount ?? null,
    couplingId: query.couplingId ?? null,
    q: query.q ?? null,
    since: query.since ?? null,
    until: query.until ?? null,
    customerFields: namedFields(presenter, operations, query, 'field'),
    partFields: namedFields(presenter, operations, query, 'part'),
  };
}

function namedFields(
  presenter: MappingPresenter,
  { rules }: CustomerOperations,
  query: OperationFilterQuery,
  kind: 'field' | 'part',
): Record<string, readonly string[]> {
  const { customers, ...parts } = rules?.mappings ?? {};
  const mappings = kind === 'field' ? [customers] : Object.values(parts);
  const known = new Set(
    mappings.flatMap((name) => (name === undefined ? [] : (presenter.mapping(name)?.fields.map(fieldName) ?? []))),
  );
  return Object.fromEntries(
    Object.entries(query).flatMap(([parameter, value]) => {
      if (!parameter.startsWith(`${kind}.`)) return [];
      const name = parameter.slice(kind.length + 1);
      if (!known.has(name))
        throw unknownParameter(
          'query',
          parameter,
          `${name} is no field of ${kind === 'field' ? 'customers' : 'a part'}`,
        );
      return [[name, ([] as unknown[]).concat(value).map(String)]];
    }),
  );
}

const fieldName = ({ name }: { readonly name: string }): string => name;

/** What no mapping of commerce can have as a cause is the cause of nothing. */
function causeOf({ rules }: CustomerOperations, cause: string): OperationCause[] {
  const [mapping, code, ...parts] = cause.split(':').map((part) => part.replaceAll('%3A', ':').replaceAll('%25', '%'));
  if (code === undefined) return [];
  return Object.entries(rules?.mappings ?? {}).flatMap(([part, name]) =>
    name === mapping ? [{ part: part as OperationPart, code, parts }] : [],
  );
}
