/** Commerce jobs, sessions and features. */
import { Button, Tab, TabList } from '@fluentui/react-components';
import { changeQuery, useAddress } from '../../address/address.ts';
import { PageLink } from '../../address/page-link.tsx';
import type { CommerceJob } from '../../api/commerce.ts';
import { useMay } from '../../api/me.ts';
import { useChange, useRead } from '../../api/read.ts';
import { request } from '../../api/request.ts';
import { useSpeech } from '../../language/language.tsx';
import { Answered, faultText } from '../../parts/failed.tsx';
import { notify } from '../../parts/notices.tsx';
import { PageFrame, Section } from '../../parts/page-frame.tsx';
import { Ago } from '../../parts/time.tsx';
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

/** `pipeline` is the first three in order, and has no schedule of its own. */
const PIPELINE: CommerceJob = { job: 'pipeline', label: '', schedule: 'manual', lastRun: null, nextRunAt: null };

function Jobs() {
  const { t } = useSpeech();
  const jobs = useRead<{ items: readonly CommerceJob[] }>('/commerce/jobs');
  return (
    <Section title={t.commerce.jobs}>
      <Answered of={jobs} absent={t.operations.notConfigured}>
        {({ items }) => (
          <table className="table table-cards">
            <thead>
              <tr>
                <th scope="col">{t.commerce.job}</th>
                <th scope="col">{t.words.schedule}</th>
                <th scope="col">{t.overview.lastRun}</th>
                <th scope="col">{t.mappings.nextRun}</th>
                <th scope="col">{t.words.more}</th>
              </tr>
            </thead>
            <tbody>
              {(items.some(({ job }) => job === 'pipeline') ? items : [...items, PIPELINE]).map((job) => (
                <JobRow key={job.job} job={job} />
              ))}
            </tbody>
          </table>
        )}
      </Answered>
    </Section>
  );
}

function JobRow({ job }: { readonly job: CommerceJob }) {
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
  const last = lastRunOf(job.lastRun);
  return (
    <tr>
      <th scope="row">
        {name}
        <div className="compare-note">{t.commerce.jobNotes[job.job]}</div>
      </th>
      <td data-label={t.words.schedule}>{scheduleText(t, job.schedule)}</td>
      <td data-label={t.overview.lastRun}>
        {last.jobId === null ? (
          <Ago at={last.at} />
        ) : (
          <PageLink href={`/jobs/${last.jobId}`}>
            <Ago at={last.at} />
          </PageLink>
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

/** The last run stands as a time or as the job itself. */
function lastRunOf(lastRun: unknown): { readonly at: string | null; readonly jobId: string | null } {
  if (typeof lastRun === 'string') return { at: lastRun, jobId: null };
  if (typeof lastRun !== 'object' || lastRun === null) return { at: null, jobId: null };
  const run = lastRun as Record<string, unknown>;
  const text = (...names: readonly string[]): string | null => {
    const found = names.map((name) => run[name]).find((value) => typeof value === 'string');
    return typeof found === 'string' ? found : null;
  };
  return { at: text('finishedAt', 'startedAt', 'createdAt', 'at'), jobId: text('id', 'jobId') };
}
