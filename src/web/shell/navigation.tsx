/** The pages as administrators of Business Central and Commerce name them, with what waits for somebody beside them. */
import { CounterBadge } from '@fluentui/react-components';
import { BuildingRetailRegular } from '@fluentui/react-icons/svg/building-retail';
import { ClipboardTaskListLtrRegular } from '@fluentui/react-icons/svg/clipboard-task-list-ltr';
import { ErrorCircleRegular } from '@fluentui/react-icons/svg/error-circle';
import { HistoryRegular } from '@fluentui/react-icons/svg/history';
import { HomeRegular } from '@fluentui/react-icons/svg/home';
import { LinkRegular } from '@fluentui/react-icons/svg/link';
import { PeopleRegular } from '@fluentui/react-icons/svg/people';
import { TableRegular } from '@fluentui/react-icons/svg/table';
import type { ReactElement } from 'react';
import type { OverviewDocument } from '../../http/schemas/stores.ts';
import { useAddress } from '../address/address.ts';
import { PageLink } from '../address/page-link.tsx';
import { useRead } from '../api/read.ts';
import type { PageTexts } from '../language/en.ts';
import { useSpeech } from '../language/language.tsx';

interface Entry {
  readonly href: string;
  readonly name: string;
  readonly icon: ReactElement;
  readonly count?: number | undefined;
}

const synchronizationPages = (t: PageTexts, openErrors: number | undefined): readonly Entry[] => [
  { href: '/', name: t.nav.overview, icon: <HomeRegular /> },
  { href: '/errors', name: t.nav.errors, icon: <ErrorCircleRegular />, count: openErrors },
  { href: '/couplings', name: t.nav.couplings, icon: <LinkRegular /> },
  { href: '/log', name: t.nav.log, icon: <HistoryRegular /> },
  { href: '/jobs', name: t.nav.jobs, icon: <ClipboardTaskListLtrRegular /> },
  { href: '/mappings', name: t.nav.mappings, icon: <TableRegular /> },
];

export function Navigation({ onFollow }: { readonly onFollow?: () => void }) {
  const { t } = useSpeech();
  const overview = useRead<OverviewDocument>('/overview');
  const errors = overview.data?.openErrors;
  const open = errors === undefined ? undefined : errors.conflict + errors.deletion + errors.failure;
  const customers: readonly Entry[] = [
    {
      href: '/customer-operations',
      name: t.commerceNav.operations,
      icon: <PeopleRegular />,
      count: overview.data?.failedOperations,
    },
  ];
  const commerce: readonly Entry[] = [
    { href: '/commerce', name: t.commerceNav.commerce, icon: <BuildingRetailRegular /> },
  ];
  return (
    <nav className="navigation" aria-label={t.nav.label}>
      <h2 className="navigation-group">{t.nav.synchronization}</h2>
      <Entries of={synchronizationPages(t, open)} onFollow={onFollow} />
      <h2 className="navigation-group">{t.commerceNav.commerceAndRetail}</h2>
      <h3 className="navigation-subgroup">{t.commerceNav.customers}</h3>
      <Entries of={customers} onFollow={onFollow} />
      <Entries of={commerce} onFollow={onFollow} />
    </nav>
  );
}

function Entries({ of, onFollow }: { readonly of: readonly Entry[]; readonly onFollow: (() => void) | undefined }) {
  const { path } = useAddress();
  const { format } = useSpeech();
  return (
    <ul>
      {of.map(({ href, name, icon, count = 0 }) => (
        <li key={href}>
          <PageLink
            plain
            href={href}
            className="navigation-entry"
            current={href === '/' ? path === '/' : path === href || path.startsWith(`${href}/`)}
            {...(onFollow && { onFollow })}
          >
            <span className="navigation-icon" aria-hidden>
              {icon}
            </span>
            <span className="navigation-name">{name}</span>
            {count > 0 && (
              <CounterBadge
                size="small"
                color="danger"
                count={count}
                overflowCount={999}
                aria-label={format.number(count)}
              />
            )}
          </PageLink>
        </li>
      ))}
    </ul>
  );
}
