/** Synchronization Jobs, those that run with their progress. */
import type { JobDocument } from '../../../http/schemas/jobs.ts';
import { PageLink } from '../../address/page-link.tsx';
import type { PageTexts } from '../../language/en.ts';
import type { Formats } from '../../language/formats.ts';
import { useSpeech } from '../../language/language.tsx';
import { FilterBar, type FilterSpec } from '../../parts/filter-bar.tsx';
import { AddressList } from '../../parts/list-page.tsx';
import { PageFrame } from '../../parts/page-frame.tsx';
import type { Column } from '../../parts/record-grid.tsx';
import { Time } from '../../parts/time.tsx';
import { choicesOf, type Names, useNames } from '../use-names.ts';
import { durationSeconds, jobName, JobStatus, Progress, writtenIn } from './job-words.tsx';

export function JobList() {
  const { t, format } = useSpeech();
  const names = useNames();
  const filters = jobFilters(t, names);
  return (
    <PageFrame title={t.nav.jobs} fills>
      <FilterBar filters={filters} searchable={false} />
      <AddressList<JobDocument>
        label={t.nav.jobs}
        path="/jobs"
        filters={filters}
        columns={jobColumns(t, format, names)}
        card={(job) => (
          <>
            <span className="card-title">{jobName(t, job)}</span>
            <span className="card-line">{placeOfJob(t, names, job)}</span>
            <span className="card-foot">
              <JobStatus status={job.status} />
              <Time at={job.createdAt} />
            </span>
            <span className="card-foot">
              <Progress job={job} />
            </span>
          </>
        )}
        idOf={(job) => job.id}
        nameOf={(job) => jobName(t, job)}
        hrefOf={(job) => `/jobs/${job.id}`}
        empty={t.jobs.empty}
      />
    </PageFrame>
  );
}

export const placeOfJob = (t: PageTexts, names: Names, job: JobDocument): string =>
  [job.mapping === null ? t.jobs.allMappings : names.mapping(job.mapping), job.channelName]
    .filter((part) => part !== null)
    .join(' · ');

const jobFilters = (t: PageTexts, names: Names): readonly FilterSpec[] => [
  { name: 'status', label: t.words.status, choices: choicesOf(t.jobs.statuses) },
  { name: 'kind', label: t.words.kind, choices: choicesOf(t.jobs.kinds) },
  { name: 'mapping', label: t.words.mapping, choices: names.mappingChoices },
  { name: 'channel', label: t.words.channel, choices: names.channelChoices },
  { name: 'trigger', label: t.jobs.trigger, choices: choicesOf(t.jobs.triggers) },
  { name: 'since', label: t.words.from },
  { name: 'until', label: t.words.until },
];

function jobColumns(t: PageTexts, format: Formats, names: Names): readonly Column<JobDocument>[] {
  return [
    {
      id: 'kind',
      name: t.words.kind,
      width: 'minmax(136px, 1.6fr)',
      sort: 'kind',
      cell: (job) => (
        <PageLink plain className="row-link" tabIndex={-1} href={`/jobs/${job.id}`}>
          {jobName(t, job)}
        </PageLink>
      ),
    },
    {
      id: 'mapping',
      name: t.words.mapping,
      width: 'minmax(130px, 1fr)',
      sort: 'mapping',
      cell: ({ mapping }) => (mapping === null ? t.jobs.allMappings : names.mapping(mapping)),
    },
    {
      id: 'channel',
      name: t.words.channel,
      width: 'minmax(80px, 0.7fr)',
      sort: 'channel',
      cell: ({ channelName }) => channelName ?? '',
    },
    {
      id: 'status',
      name: t.words.status,
      width: 'minmax(110px, 0.8fr)',
      sort: 'status',
      cell: ({ status }) => <JobStatus status={status} />,
    },
    { id: 'progress', name: t.jobs.progress, width: 'minmax(90px, 0.7fr)', cell: (job) => <Progress job={job} /> },
    { id: 'written', name: t.jobs.written, width: '72px', end: true, cell: (job) => format.number(writtenIn(job)) },
    {
      id: 'trigger',
      name: t.jobs.trigger,
      width: 'minmax(90px, 0.7fr)',
      sort: 'trigger',
      cell: (job) => job.actor ?? t.jobs.triggers[job.trigger],
    },
    {
      id: 'started',
      name: t.jobs.started,
      width: '150px',
      sort: 'startedAt',
      cell: ({ startedAt }) => <Time at={startedAt} />,
    },
    {
      id: 'duration',
      name: t.jobs.duration,
      width: '84px',
      end: true,
      cell: (job) => {
        const seconds = durationSeconds(job);
        return seconds === null ? '' : format.duration(seconds);
      },
    },
  ];
}
