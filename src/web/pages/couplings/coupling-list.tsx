/** Couplings: which record of HQ is which record of a channel. */
import { Button } from '@fluentui/react-components';
import { AddRegular } from '@fluentui/react-icons/svg/add';
import { Suspense } from 'react';
import type { CouplingDocument } from '../../../http/schemas/couplings.ts';
import { changeQuery, useAddress } from '../../address/address.ts';
import { PageLink } from '../../address/page-link.tsx';
import { useMay } from '../../api/me.ts';
import type { PageTexts } from '../../language/en.ts';
import { useSpeech } from '../../language/language.tsx';
import { FilterBar, type FilterSpec } from '../../parts/filter-bar.tsx';
import { AddressList } from '../../parts/list-page.tsx';
import { PageFrame } from '../../parts/page-frame.tsx';
import type { Column } from '../../parts/record-grid.tsx';
import { Time } from '../../parts/time.tsx';
import { choicesOf, type Names, useNames } from '../use-names.ts';
import { channelText, CouplingStatus, hqText } from './coupling-words.tsx';
import { lazyPart } from '../../parts/lazy-part.ts';

const CoupleDialog = lazyPart(async () => (await import('./couple-dialog.tsx')).CoupleDialog);

export function CouplingList() {
  const { t } = useSpeech();
  const names = useNames();
  const may = useMay();
  const { query } = useAddress();
  const filters = couplingFilters(t, names);
  return (
    <PageFrame
      title={t.nav.couplings}
      fills
      actions={
        may('operator') && (
          <Button appearance="subtle" icon={<AddRegular />} onClick={() => changeQuery({ couple: 'new' })}>
            {t.couplings.couple}
          </Button>
        )
      }
    >
      <FilterBar filters={filters} />
      <AddressList<CouplingDocument>
        label={t.nav.couplings}
        path="/couplings"
        filters={filters}
        columns={couplingColumns(t, names)}
        card={(coupling) => (
          <>
            <span className="card-title">{hqText(coupling)}</span>
            <span className="card-line">{channelText(coupling)}</span>
            <span className="card-foot">
              <CouplingStatus coupling={coupling} />
            </span>
            <span className="card-foot">
              <span>{names.mapping(coupling.mapping)}</span>
              <span>{coupling.channelName}</span>
            </span>
          </>
        )}
        idOf={({ id }) => id}
        nameOf={hqText}
        hrefOf={({ id }) => `/couplings/${id}`}
        empty={t.couplings.empty}
      />
      {query.has('couple') && may('operator') && (
        <Suspense fallback={null}>
          <CoupleDialog onClose={() => changeQuery({ couple: null })} />
        </Suspense>
      )}
    </PageFrame>
  );
}

const couplingFilters = (t: PageTexts, names: Names): readonly FilterSpec[] => [
  { name: 'mapping', label: t.words.mapping, choices: names.mappingChoices },
  { name: 'channel', label: t.words.channel, choices: names.channelChoices },
  { name: 'status', label: t.words.status, choices: choicesOf(t.couplings.statuses) },
  { name: 'parent', label: t.couplings.references, nameOf: (id) => `…${id.slice(-6)}` },
];

const couplingColumns = (t: PageTexts, names: Names): readonly Column<CouplingDocument>[] => [
  {
    id: 'mapping',
    name: t.words.mapping,
    width: 'minmax(130px, 0.8fr)',
    sort: 'mapping',
    cell: ({ mapping }) => names.mapping(mapping),
  },
  {
    id: 'channel',
    name: t.words.channel,
    width: 'minmax(80px, 0.6fr)',
    sort: 'channel',
    cell: ({ channelName }) => channelName,
  },
  {
    id: 'hq',
    name: t.words.hqRecord,
    width: 'minmax(150px, 1.6fr)',
    sort: 'hqKey',
    cell: (coupling) => (
      <PageLink plain className="row-link" tabIndex={-1} href={`/couplings/${coupling.id}`}>
        {hqText(coupling)}
      </PageLink>
    ),
  },
  {
    id: 'channelRecord',
    name: t.words.channelRecord,
    width: 'minmax(150px, 1.4fr)',
    sort: 'channelKey',
    cell: channelText,
  },
  {
    id: 'status',
    name: t.words.status,
    width: 'minmax(170px, 1.4fr)',
    sort: 'status',
    cell: (coupling) => <CouplingStatus coupling={coupling} />,
  },
  {
    id: 'last',
    name: t.couplings.lastSynchronized,
    width: '150px',
    sort: 'lastSynchronizedAt',
    cell: ({ lastSynchronizedAt }) => <Time at={lastSynchronizedAt} />,
  },
];
