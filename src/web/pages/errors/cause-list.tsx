/** Errors grouped by what one remedy cures; a group is worked at once. */
import { Button } from '@fluentui/react-components';
import { Suspense, useState } from 'react';
import type { ErrorSummary } from '../../../http/schemas/synchronization-errors.ts';
import { addressOf, useAddress } from '../../address/address.ts';
import { PageLink } from '../../address/page-link.tsx';
import { useMay } from '../../api/me.ts';
import { useRead } from '../../api/read.ts';
import { remedyOf } from '../../language/describe.ts';
import { useSpeech } from '../../language/language.tsx';
import { CardTable } from '../../parts/card-table.tsx';
import { Answered, Empty } from '../../parts/failed.tsx';
import type { FilterSpec } from '../../parts/filter-bar.tsx';
import { filterOf, type ListFilter } from '../../parts/list-filter.ts';
import { useListQuery } from '../../parts/list-page.tsx';
import { Ago } from '../../parts/time.tsx';
import type { Names } from '../use-names.ts';
import type { ErrorAction, Target } from './act.ts';
import { errorMessage, KindMark } from './error-words.tsx';
import { useActNow } from './use-act.ts';
import { lazyPart } from '../../parts/lazy-part.ts';

const ActDialog = lazyPart(async () => (await import('./act-dialog.tsx')).ActDialog);

type Group = ErrorSummary['items'][number];

const OFFERED: Record<Group['kind'], readonly ErrorAction[]> = {
  conflict: ['synchronize', 'remove-coupling'],
  deletion: ['restore', 'delete', 'remove-coupling'],
  failure: ['retry', 'remove-coupling'],
};

export function CauseList({ filters, names }: { readonly filters: readonly FilterSpec[]; readonly names: Names }) {
  const { t } = useSpeech();
  const query = useListQuery(filters);
  query.delete('sort');
  const params = Object.fromEntries([...new Set(query.keys())].map((name) => [name, query.getAll(name)]));
  const summary = useRead<ErrorSummary>('/synchronization-errors/summary', params);
  const [asking, setAsking] = useState<{ target: Target; action: ErrorAction } | null>(null);
  const close = (): void => setAsking(null);
  return (
    <Answered of={summary}>
      {({ items }) =>
        items.length === 0 ? (
          <Empty>{query.size === 0 ? t.errors.empty : t.list.emptyFiltered}</Empty>
        ) : (
          <div className="section table-scroll">
            <CardTable
              className="causes"
              columns={[
                t.errors.cause,
                t.words.kind,
                t.words.mapping,
                t.words.channel,
                { number: t.errors.count },
                t.errors.failedOn,
                t.words.more,
              ]}
            >
              {items.map((group) => (
                <GroupRow
                  key={`${group.cause} ${group.channel}`}
                  group={group}
                  names={names}
                  within={filterOf(query)}
                  onAsk={(target, action) => setAsking({ target, action })}
                />
              ))}
            </CardTable>
            {asking !== null && (
              <Suspense fallback={null}>
                <ActDialog target={asking.target} decision={{ action: asking.action }} onClose={close} onDone={close} />
              </Suspense>
            )}
          </div>
        )
      }
    </Answered>
  );
}

interface GroupRowProps {
  readonly group: Group;
  readonly names: Names;
  /** The filters of the list: a group is what they let through. */
  readonly within: ListFilter;
  readonly onAsk: (target: Target, action: ErrorAction) => void;
}

function GroupRow({ group, names, within, onAsk }: GroupRowProps) {
  const { t, format } = useSpeech();
  const may = useMay();
  const { actNow, busy } = useActNow();
  const { query } = useAddress();
  const single = new URLSearchParams(query);
  for (const name of ['view', 'sort']) single.delete(name);
  single.set('cause', group.cause);
  single.set('channel', group.channel);
  const target: Target = {
    kind: 'filter',
    filter: { ...within, cause: group.cause, mapping: group.mapping, channel: group.channel, kind: group.kind },
    count: group.count,
  };
  return (
    <tr>
      <th scope="row">
        <PageLink href={addressOf('/errors', single)}>{errorMessage(t, group)}</PageLink>
        <p className="compare-note">{remedyOf(t, group.code)}</p>
      </th>
      <td data-label={t.words.kind}>
        <KindMark kind={group.kind} />
      </td>
      <td data-label={t.words.mapping}>{names.mapping(group.mapping)}</td>
      <td data-label={t.words.channel}>{group.channelName}</td>
      <td data-label={t.errors.count} className="number">
        {format.number(group.count)}
      </td>
      <td data-label={t.errors.failedOn}>
        <Ago at={group.lastSeenAt} />
      </td>
      <td>
        {may('operator') &&
          within['status'] === undefined &&
          group.code !== 'mass-deletion' &&
          group.code !== 'mass-change' && (
            <div className="button-row">
              {OFFERED[group.kind].map((action) => (
                <Button
                  key={action}
                  size="small"
                  disabled={busy}
                  onClick={() => (action === 'retry' ? actNow(target, { action }) : onAsk(target, action))}
                >
                  {t.actions[action]}
                </Button>
              ))}
            </div>
          )}
      </td>
    </tr>
  );
}
