/** Synchronization Log: what was done to records, as a timeline; filters are those of the API. */
import { Button } from '@fluentui/react-components';
import type { LogEntryDocument } from '../../../http/schemas/synchronization-log.ts';
import { useAddress } from '../../address/address.ts';
import { useList } from '../../api/read.ts';
import type { PageTexts } from '../../language/en.ts';
import { useSpeech } from '../../language/language.tsx';
import { Answered, Empty } from '../../parts/failed.tsx';
import { FilterBar, type FilterSpec } from '../../parts/filter-bar.tsx';
import { useListQuery } from '../../parts/list-page.tsx';
import { PageFrame } from '../../parts/page-frame.tsx';
import { choicesOf, type Names, useNames } from '../use-names.ts';
import { Timeline } from './timeline.tsx';

export function LogPage() {
  const { t } = useSpeech();
  const names = useNames();
  const { query } = useAddress();
  const filters = logFilters(t, names);
  const asked = useListQuery(filters);
  const over = query.has('jobId')
    ? t.log.forJob
    : query.has('key')
      ? t.log.forRecord(query.getAll('key').join(' · '))
      : null;
  return (
    <PageFrame title={t.nav.log} {...(over !== null && { over })}>
      <FilterBar filters={filters} />
      <LogEntries path="/synchronization-log" query={asked} />
    </PageFrame>
  );
}

export function LogEntries({ path, query }: { readonly path: string; readonly query: URLSearchParams }) {
  const { t } = useSpeech();
  const list = useList<LogEntryDocument>(path, query);
  return (
    <Answered of={list}>
      {({ pages }) => {
        const entries = pages.flatMap(({ items }) => items);
        if (entries.length === 0) return <Empty>{query.size === 0 ? t.log.empty : t.list.emptyFiltered}</Empty>;
        return (
          <>
            <Timeline entries={entries} />
            {list.hasNextPage && (
              <div className="button-row">
                <Button disabled={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
                  {t.list.more}
                </Button>
              </div>
            )}
          </>
        );
      }}
    </Answered>
  );
}

const logFilters = (t: PageTexts, names: Names): readonly FilterSpec[] => [
  { name: 'mapping', label: t.words.mapping, choices: names.mappingChoices },
  { name: 'channel', label: t.words.channel, choices: names.channelChoices },
  { name: 'action', label: t.log.action, choices: choicesOf(t.log.actions) },
  { name: 'cause', label: t.log.cause, choices: choicesOf(t.log.causes) },
  { name: 'field', label: t.log.field },
  { name: 'actor', label: t.words.actor },
  { name: 'couplingId', label: t.errors.coupling, nameOf: short },
  { name: 'jobId', label: t.words.job, nameOf: short },
  { name: 'errorId', label: t.words.details, nameOf: short },
  { name: 'side', label: t.words.record, nameOf: (side) => (side === 'hq' ? t.words.hq : t.words.channel) },
  { name: 'key', label: t.words.record },
  { name: 'since', label: t.words.from },
  { name: 'until', label: t.words.until },
];

const short = (id: string): string => `…${id.slice(-6)}`;
