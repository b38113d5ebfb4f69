/** Commerce jobs, sessions and features. */
import { Button, Tab, TabList } from '@fluentui/react-components';
import { changeQuery, useAddress } from '../../address/address.ts';
import { PageLink } from '../../address/page-link.tsx';
import type { CommerceJobDocument } from '../../../http/schemas/commerce.ts';
import { useMay } from '../../api/me.ts';
import { useChange, useRead } from '../../api/read.ts';
import { request } from '../../api/request.ts';
import { useSpeech } from '../../language/language.tsx';
import { CardTable } from '../../parts/card-table.tsx';
import { Answered, faultText } from '../../parts/failed.tsx';
import { notify } from '../../parts/notices.tsx';
import { PageFrame, Section } from '../../parts/page-frame.tsx';
import { Ago } from '../../parts/time.tsx';
import { JobStatus } from '../jobs/job-words.tsx';
import { scheduleText } from '../mappings/mapping-words.tsx';
import { Features } from './features.tsx';
import { Sessions } from './sessions.tsx';

const TABS = ['jobs', 'sessions', 'features'] as const;

export function CommercePage() {
  const { t } = useSpeech();
  const { query } = useAddress();
  const tab = TABS.find((name) => name === query.get('tab')) ?? 'jobs';
  return (
    <PageFrame title={t.commerce.title} over={t.commerceNav.commerceAndRetail}>
      <TabList
        className="tabs"
        selectedValue={tab}
        onTabSelect={(_, { value }) => changeQuery({ tab: value === 'jobs' ? null : String(value) }, { replace: true })}
      >
        {TABS.map((name) => (
          <Tab key={name} value={name}>
            {t.commerce[name]}
          </Tab>
        ))}
      </TabList>
      {tab === 'jobs' && <Jobs />}
      {tab === 'sessions' && <Sessions />}
      {tab === 'features' && <Features />}
    </PageFrame>
  );
}

function Jobs() {
  const { t } = useSpeech();
  const jobs = useRead<{ items: readonly CommerceJobDocument[] }>('/commerce/jobs');
  return (
    <Section title={t.commerce.jobs}>
      <Answered of={jobs} absent={t.operations.notConfigured}>
        {({ items }) => (
          <CardTable columns={[t.commerce.job, t.words.schedule, t.overview.lastRun, t.mappings.nextRun, t.words.more]}>
            {items.map((job) => (
              <JobRow key={job.job} job={job} />
            ))}
          </CardTable>
        )}
      </Answered>
    </Section>
  );
}

function JobRow({ job }: { readonly job: CommerceJobDocument }) {
  const { t } = useSpeech();
  const may = useMay();
  const name = t.commerce.jobNames[job.job];
  const run = useChange(() => request<{ id: string }>('POST', `/commerce/jobs/${job.job}/run`));
  const start = (): void =>
    run.mutate(undefined, {
      onSuccess: ({ id }) =>
        notify({ text: t.commerce.started(name), link: { href: `/jobs/${id}`, text: t.words.job } }),
      onError: (fault) => notify({ text: faultText(t, fault), kind: 'bad' }),
    });
  const last = job.lastRun;
  return (
    <tr>
      <th scope="row">
        {name}
        <div className="compare-note">{t.commerce.jobNotes[job.job]}</div>
      </th>
      <td data-label={t.words.schedule}>{scheduleText(t, job.schedule)}</td>
      <td data-label={t.overview.lastRun}>
        {last === null ? (
          '–'
        ) : (
          <>
            <PageLink href={`/jobs/${last.id}`}>
              <Ago at={last.finishedAt ?? last.startedAt} />
            </PageLink>{' '}
            <JobStatus status={last.status} />
          </>
        )}
      </td>
      <td data-label={t.mappings.nextRun}>{job.nextRunAt === null ? '–' : <Ago at={job.nextRunAt} />}</td>
      <td>
        {may('operator') && (
          <Button size="small" aria-label={t.commerce.runNow(name)} disabled={run.isPending} onClick={start}>
            {t.commerce.run}
          </Button>
        )}
      </td>
    </tr>
  );
}
