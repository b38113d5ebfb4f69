/** Coupled Data Synchronization Errors. */
import { Button, ToggleButton } from '@fluentui/react-components';
import { ArrowClockwiseRegular } from '@fluentui/react-icons/svg/arrow-clockwise';
import { GroupListRegular } from '@fluentui/react-icons/svg/group-list';
import { useState } from 'react';
import type { SynchronizationErrorDocument } from '../../../http/schemas/synchronization-errors.ts';
import { changeQuery, useAddress } from '../../address/address.ts';
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
import { BulkActions } from './bulk-actions.tsx';
import { CauseList } from './cause-list.tsx';
import { errorMessage, errorName, errorRecord, KindMark } from './error-words.tsx';
import { useActNow } from './use-act.ts';

interface Shown {
  readonly items: readonly SynchronizationErrorDocument[];
  readonly total: number;
}

export function ErrorList() {
  const { t } = useSpeech();
  const names = useNames();
  const { query } = useAddress();
  const may = useMay();
  const { actNow, busy } = useActNow();
  const selection = useSelection();
  const [{ items, total }, setShown] = useState<Shown>({ items: [], total: 0 });
  const grouped = query.get('view') === 'causes';
  const filters = errorFilters(t, names);
  const asked = useListQuery(filters);
  return (
    <PageFrame
      title={t.nav.errors}
      fills
      actions={
        <>
          {may('operator') && (
            <Button
              appearance="subtle"
              icon={<ArrowClockwiseRegular />}
              disabled={busy}
              onClick={() => actNow({ kind: 'filter', filter: {}, count: 0 }, { action: 'retry' })}
            >
              {t.errors.retryAll}
            </Button>
          )}
          <ToggleButton
            appearance="subtle"
            icon={<GroupListRegular />}
            checked={grouped}
            onClick={() => changeQuery({ view: grouped ? null : 'causes' })}
          >
            {t.errors.group}
          </ToggleButton>
        </>
      }
    >
      <FilterBar filters={filters} />
      {grouped ? (
        <CauseList filters={filters} names={names} />
      ) : (
        <>
          <BulkActions selection={selection} items={items} filter={filterOf(asked)} total={total} />
          <AddressList
            label={t.nav.errors}
            path="/synchronization-errors"
            filters={filters}
            columns={errorColumns(t, names)}
            card={(error) => <ErrorRow error={error} names={names} />}
            idOf={(error) => error.id}
            nameOf={errorName}
            hrefOf={(error) => `/errors/${error.id}`}
            {...(may('operator') && { selection })}
            twoLines
            empty={t.errors.empty}
            onItems={(shown, found) => {
              const same = shown.length === items.length && shown.every((item, at) => item === items[at]);
              if (!same || found !== total) setShown({ items: shown, total: found });
            }}
          />
        </>
      )}
    </PageFrame>
  );
}

const errorFilters = (t: PageTexts, names: Names): readonly FilterSpec[] => [
  { name: 'kind', label: t.words.kind, choices: choicesOf(t.kinds) },
  { name: 'mapping', label: t.words.mapping, choices: names.mappingChoices },
  { name: 'channel', label: t.words.channel, choices: names.channelChoices },
  {
    name: 'parked',
    label: t.errors.parked,
    single: true,
    choices: [
      { value: 'true', name: t.list.yes },
      { value: 'false', name: t.list.no },
    ],
  },
  { name: 'scope', label: t.errors.scope, choices: choicesOf(t.errors.scopes) },
  {
    name: 'status',
    label: t.words.status,
    choices: [
      { value: 'open', name: t.errors.open },
      { value: 'resolved', name: t.errors.resolved },
    ],
  },
  { name: 'cause', label: t.errors.cause },
  { name: 'code', label: t.errors.cause },
  { name: 'field', label: t.words.field },
  { name: 'assignee', label: t.errors.assignee },
  { name: 'jobId', label: t.words.job, nameOf: shortId },
  { name: 'couplingId', label: t.errors.coupling, nameOf: shortId },
  { name: 'since', label: t.words.from },
  { name: 'until', label: t.words.until },
];

const shortId = (id: string): string => `…${id.slice(-6)}`;

function errorColumns(t: PageTexts, names: Names): readonly Column<SynchronizationErrorDocument>[] {
  return [
    {
      id: 'mapping',
      name: t.words.mapping,
      width: 'minmax(96px, 0.7fr)',
      cell: ({ mapping }) => names.mapping(mapping),
      sort: 'mapping',
    },
    {
      id: 'channel',
      name: t.words.channel,
      width: 'minmax(74px, 0.55fr)',
      cell: ({ channelName }) => channelName,
      sort: 'channel',
    },
    {
      id: 'hq',
      name: t.words.hqRecord,
      width: 'minmax(104px, 1.2fr)',
      sort: 'hqKey',
      cell: (error) => <RecordCell error={error} side="hqRecord" />,
    },
    {
      id: 'channelRecord',
      name: t.words.channelRecord,
      width: 'minmax(100px, 1fr)',
      sort: 'channelKey',
      cell: (error) => <RecordCell error={error} side="channelRecord" />,
    },
    {
      id: 'kind',
      name: t.words.kind,
      width: 'minmax(118px, 1.05fr)',
      cell: ({ kind }) => <KindMark kind={kind} />,
      sort: 'kind',
    },
    {
      id: 'message',
      name: t.errors.message,
      width: 'minmax(170px, 2.4fr)',
      sort: 'code',
      cell: (error) => <span title={errorMessage(t, error)}>{errorMessage(t, error)}</span>,
    },
    {
      id: 'attempts',
      name: t.errors.attempts,
      width: 'minmax(100px, 0.75fr)',
      sort: 'attempts',
      cell: ({ attempts, parked }) =>
        parked ? <span title={t.errors.parked}>{`${attempts} · ${t.errors.parked}`}</span> : attempts,
    },
    {
      id: 'failedOn',
      name: t.errors.failedOn,
      width: '150px',
      cell: ({ lastSeenAt }) => <Time at={lastSeenAt} />,
      sort: 'lastSeenAt',
    },
  ];
}

/** The link is on the record that there is. */
function RecordCell({ error, side }: RecordCellProps) {
  const text = errorRecord(error[side]);
  const linked = side === 'hqRecord' || errorRecord(error.hqRecord) === '';
  if (text === '' || !linked) return text || '–';
  return (
    <PageLink plain className="row-link" tabIndex={-1} href={`/errors/${error.id}`}>
      {text}
    </PageLink>
  );
}

interface RecordCellProps {
  readonly error: SynchronizationErrorDocument;
  readonly side: 'hqRecord' | 'channelRecord';
}

function ErrorRow({ error, names }: { readonly error: SynchronizationErrorDocument; readonly names: Names }) {
  const { t } = useSpeech();
  return (
    <>
      <span className="card-title">{errorName(error)}</span>
      <span className="card-line">{errorMessage(t, error)}</span>
      <span className="card-foot">
        <KindMark kind={error.kind} />
        <span>
          {error.channelName} · {names.mapping(error.mapping)}
        </span>
      </span>
      <span className="card-foot">
        <Time at={error.lastSeenAt} />
        <span>{error.parked && t.errors.parked}</span>
      </span>
    </>
  );
}
