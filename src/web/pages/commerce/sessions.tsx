/** Upload and download sessions of the commerce jobs, with Rerun and Cancel. */
import { Button, Checkbox } from '@fluentui/react-components';
import { changeQuery, useAddress } from '../../address/address.ts';
import { PageLink } from '../../address/page-link.tsx';
import type { SessionDocument } from '../../../http/schemas/commerce.ts';
import { useMay } from '../../api/me.ts';
import { useChange, useList } from '../../api/read.ts';
import { request } from '../../api/request.ts';
import { describe } from '../../language/describe.ts';
import { useSpeech } from '../../language/language.tsx';
import { CardTable } from '../../parts/card-table.tsx';
import { Answered, Empty, faultText } from '../../parts/failed.tsx';
import { FilterBar, type FilterSpec } from '../../parts/filter-bar.tsx';
import { Mark, type Tone } from '../../parts/mark.tsx';
import { MoreButton } from '../../parts/more-button.tsx';
import { notify } from '../../parts/notices.tsx';
import { Section } from '../../parts/page-frame.tsx';
import { Time } from '../../parts/time.tsx';
import { choicesOf, useNames } from '../use-names.ts';

const TONES: Record<SessionDocument['status'], Tone> = {
  started: 'busy',
  applied: 'good',
  noData: 'quiet',
  failed: 'bad',
  canceled: 'quiet',
};

export function Sessions() {
  const { t } = useSpeech();
  const names = useNames();
  const { query } = useAddress();
  const filters: readonly FilterSpec[] = [
    { name: 'job', label: t.commerce.job, choices: choicesOf(t.commerce.jobNames) },
    { name: 'direction', label: t.words.direction, choices: choicesOf(t.commerce.sessionDirections) },
    { name: 'channel', label: t.words.channel, choices: names.channelChoices },
    { name: 'status', label: t.words.status, choices: choicesOf(t.commerce.sessionStatuses) },
  ];
  const asked = new URLSearchParams(
    [...query].filter(([name]) => name === 'all' || filters.some((filter) => filter.name === name)),
  );
  const list = useList<SessionDocument>('/commerce/sessions', asked);
  const all = query.get('all') === 'true';
  return (
    <Section title={t.commerce.sessions}>
      <FilterBar filters={filters} searchable={false}>
        <Checkbox
          label={t.commerce.withoutData}
          checked={all}
          onChange={() => changeQuery({ all: all ? null : 'true' })}
        />
      </FilterBar>
      <Answered of={list} absent={t.operations.notConfigured}>
        {({ pages }) => {
          const sessions = pages.flatMap(({ items }) => items);
          if (sessions.length === 0)
            return <Empty>{asked.size === 0 ? t.commerce.noSessions : t.list.emptyFiltered}</Empty>;
          return (
            <>
              <SessionTable sessions={sessions} />
              <MoreButton list={list} />
            </>
          );
        }}
      </Answered>
    </Section>
  );
}

function SessionTable({ sessions }: { readonly sessions: readonly SessionDocument[] }) {
  const { t } = useSpeech();
  return (
    <div className="table-scroll">
      <CardTable
        columns={[
          t.commerce.session,
          t.commerce.job,
          t.words.direction,
          t.words.channel,
          t.words.status,
          { number: t.commerce.tries },
          { number: t.commerce.rows },
          t.commerce.created,
          t.commerce.message,
          t.words.more,
        ]}
      >
        {sessions.map((session) => (
          <SessionRow key={session.session} session={session} />
        ))}
      </CardTable>
    </div>
  );
}

function SessionRow({ session }: { readonly session: SessionDocument }) {
  const { t, format } = useSpeech();
  return (
    <tr>
      <th scope="row" className="nowrap">
        <PageLink href={`/jobs/${session.jobId}`}>{shortId(session.session)}</PageLink>
        {session.rerunOf !== null && <div className="compare-note">{t.commerce.rerunOf(shortId(session.rerunOf))}</div>}
      </th>
      <td data-label={t.commerce.job}>{t.commerce.jobNames[session.job]}</td>
      <td data-label={t.words.direction}>{t.commerce.sessionDirections[session.direction]}</td>
      <td data-label={t.words.channel}>{session.channelName}</td>
      <td data-label={t.words.status}>
        <Mark tone={TONES[session.status]}>{t.commerce.sessionStatuses[session.status]}</Mark>
      </td>
      <td data-label={t.commerce.tries} className="number">
        {format.number(session.tryCount)}
      </td>
      <td data-label={t.commerce.rows} className="number">
        {format.number(session.rowsAffected)}
      </td>
      <td data-label={t.commerce.created} className="nowrap">
        <Time at={session.createdAt} />
      </td>
      <td data-label={t.commerce.message}>
        {session.message === null ? '' : describe(t, session.code, session.params, session.message)}
      </td>
      <td>
        <SessionActions session={session} />
      </td>
    </tr>
  );
}

/** What tells sessions of one day apart. */
const shortId = (id: string): string => `…${id.slice(-6)}`;

function SessionActions({ session }: { readonly session: SessionDocument }) {
  const { t } = useSpeech();
  const may = useMay();
  const change = useChange((verb: 'rerun' | 'cancel') =>
    request('POST', `/commerce/sessions/${session.session}/${verb}`),
  );
  const press = (verb: 'rerun' | 'cancel'): void =>
    change.mutate(verb, { onError: (fault) => notify({ text: faultText(t, fault), kind: 'bad' }) });
  if (!may('operator')) return null;
  const running = session.status === 'started' || session.status === 'failed';
  return (
    <span className="button-row">
      {session.status !== 'applied' && session.status !== 'started' && (
        <Button size="small" aria-label={`${t.commerce.rerun} ${session.session}`} onClick={() => press('rerun')}>
          {t.commerce.rerun}
        </Button>
      )}
      {running && (
        <Button
          size="small"
          aria-label={`${t.commerce.cancelSession} ${session.session}`}
          onClick={() => press('cancel')}
        >
          {t.words.cancel}
        </Button>
      )}
    </span>
  );
}
