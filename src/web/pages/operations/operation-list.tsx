/** Customer Synchronization Status: every operation that a channel recorded, on its way to HQ. */
import { useState } from 'react';
import type { CustomerOperationDocument } from '../../../http/schemas/customer-operations.ts';
import { useAddress } from '../../address/address.ts';
import { PageLink } from '../../address/page-link.tsx';
import { useMay } from '../../api/me.ts';
import type { PageTexts } from '../../language/en.ts';
import { useSpeech } from '../../language/language.tsx';
import { FilterBar, type FilterSpec } from '../../parts/filter-bar.tsx';
import { filterOf } from '../../parts/list-filter.ts';
import { AddressList, useListQuery } from '../../parts/list-page.tsx';
import { PageFrame } from '../../parts/page-frame.tsx';
import type { Column } from '../../parts/record-grid.tsx';
import { Time } from '../../parts/time.tsx';
import { useSelection } from '../../parts/use-selection.ts';
import { choicesOf, type Names, useNames } from '../use-names.ts';
import { Backlog } from './backlog.tsx';
import { BulkOperations } from './bulk-operations.tsx';
import { FieldFilter } from './field-filter.tsx';
import { accountText, changeText, OperationStatusMark } from './operation-words.tsx';

interface Shown {
  readonly items: readonly CustomerOperationDocument[];
  readonly total: number;
}

export function OperationList() {
  const { t } = useSpeech();
  const names = useNames();
  const may = useMay();
  const { query } = useAddress();
  const selection = useSelection();
  const [{ items, total }, setShown] = useState<Shown>({ items: [], total: 0 });
  const fieldFilters = [...new Set(query.keys())].filter((name) => /^(field|part)\./.test(name));
  const filters: readonly FilterSpec[] = [
    ...operationFilters(t, names),
    ...fieldFilters.map((name) => ({ name, label: name.slice(name.indexOf('.') + 1) })),
  ];
  const asked = useListQuery(filters);
  return (
    <PageFrame
      title={t.commerceNav.operations}
      over={`${t.commerceNav.commerceAndRetail} › ${t.commerceNav.customers}`}
      fills
    >
      <Backlog />
      <FilterBar filters={filters}>
        <FieldFilter />
      </FilterBar>
      <BulkOperations selection={selection} items={items} filter={filterOf(asked)} total={total} />
      <AddressList<CustomerOperationDocument>
        label={t.commerceNav.operations}
        path="/customer-operations"
        filters={filters}
        columns={operationColumns(t)}
        card={(operation) => <OperationCardRow operation={operation} />}
        idOf={({ id }) => id}
        nameOf={(operation) => operation.customerAccount ?? operation.asyncCustomerAccount ?? operation.id}
        hrefOf={({ id }) => `/customer-operations/${id}`}
        {...(may('operator') && { selection })}
        empty={t.operations.empty}
        absent={t.operations.notConfigured}
        onItems={(shown, found) => {
          const same = shown.length === items.length && shown.every((item, at) => item === items[at]);
          if (!same || found !== total) setShown({ items: shown, total: found });
        }}
      />
    </PageFrame>
  );
}

function OperationCardRow({ operation }: { readonly operation: CustomerOperationDocument }) {
  const { t } = useSpeech();
  return (
    <>
      <span className="card-title">
        {accountText(t, operation)} · {operation.channelName}
      </span>
      <span className="card-line">{changeText(t, operation)}</span>
      <span className="card-foot">
        <OperationStatusMark status={operation.status} />
        <Time at={operation.operationTimestamp} />
      </span>
      <span className="card-foot">{operation.asyncCustomerAccount}</span>
    </>
  );
}

const operationFilters = (t: PageTexts, names: Names): readonly FilterSpec[] => [
  { name: 'status', label: t.words.status, choices: choicesOf(t.operations.statuses) },
  { name: 'channel', label: t.operations.channelName, choices: names.channelChoices },
  { name: 'operation', label: t.operations.asyncOperation, choices: choicesOf(t.operations.operationNames) },
  { name: 'account', label: t.operations.customerAccount },
  { name: 'asyncAccount', label: t.operations.asyncCustomerAccount },
  { name: 'code', label: t.operations.lastKnownError },
  { name: 'cause', label: t.errors.cause },
  { name: 'couplingId', label: t.errors.coupling },
  { name: 'since', label: t.words.from },
  { name: 'until', label: t.words.until },
];

/** The five columns that Commerce headquarters has, by their names there. */
const operationColumns = (t: PageTexts): readonly Column<CustomerOperationDocument>[] => [
  {
    id: 'channel',
    name: t.operations.channelName,
    width: 'minmax(96px, 0.7fr)',
    sort: 'channel',
    cell: ({ channelName }) => channelName,
  },
  {
    id: 'account',
    name: t.operations.customerAccount,
    width: 'minmax(112px, 0.8fr)',
    sort: 'customerAccount',
    cell: (operation) => (
      <PageLink plain className="row-link" tabIndex={-1} href={`/customer-operations/${operation.id}`}>
        {accountText(t, operation)}
      </PageLink>
    ),
  },
  {
    id: 'asyncAccount',
    name: t.operations.asyncCustomerAccount,
    width: 'minmax(200px, 2fr)',
    sort: 'asyncCustomerAccount',
    cell: ({ asyncCustomerAccount }) => asyncCustomerAccount,
  },
  {
    id: 'timestamp',
    name: t.operations.timestamp,
    width: 'minmax(140px, 1fr)',
    sort: 'operationTimestamp',
    cell: ({ operationTimestamp }) => <Time at={operationTimestamp} />,
  },
  {
    id: 'status',
    name: t.operations.status,
    width: 'minmax(216px, 1.3fr)',
    sort: 'status',
    cell: ({ status }) => <OperationStatusMark status={status} />,
  },
];
