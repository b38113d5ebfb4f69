/** One job: progress, counters, single results, the jobs below it, Cancel and Undo. */
import { Button } from '@fluentui/react-components';
import { useState } from 'react';
import type { JobDocument } from '../../../http/schemas/jobs.ts';
import { addressOf } from '../../address/address.ts';
import { PageLink } from '../../address/page-link.tsx';
import { useMay } from '../../api/me.ts';
import { useChange, useRead } from '../../api/read.ts';
import { request } from '../../api/request.ts';
import { describe } from '../../language/describe.ts';
import { useSpeech } from '../../language/language.tsx';
import { CardTable } from '../../parts/card-table.tsx';
import { Answered, faultText } from '../../parts/failed.tsx';
import { Modal } from '../../parts/modal.tsx';
import { notify } from '../../parts/notices.tsx';
import { Facts, PageFrame, Section } from '../../parts/page-frame.tsx';
import { Pager, useBack } from '../../parts/pager.tsx';
import { Time } from '../../parts/time.tsx';
import { useNames } from '../use-names.ts';
import { JobResults } from './job-results.tsx';
import { durationSeconds, hasProgress, jobName, JobStatus, Progress } from './job-words.tsx';

const RUNNING_REFRESH_MS = 2_000;

export function JobCard({ id }: { readonly id: string }) {
  const { t } = useSpeech();
  const names = useNames();
  const back = useBack('/jobs', '/jobs', t.nav.jobs);
  const [running, setRunning] = useState(true);
  const asked = useRead<JobDocument>(`/jobs/${id}`, {}, { refetchMs: running ? RUNNING_REFRESH_MS : false });
  const job = asked.data;
  if (job !== undefined && running === (job.finishedAt !== null)) setRunning(job.finishedAt === null);
  return (
    <PageFrame
      title={job === undefined ? t.nav.jobs : jobName(t, job)}
      back={back}
      over={job === undefined ? '' : job.mapping === null ? t.jobs.allMappings : names.mapping(job.mapping)}
      actions={job === undefined ? null : <JobActions job={job} />}
    >
      <Answered of={asked}>{(answer) => <OpenJob job={answer} />}</Answered>
    </PageFrame>
  );
}

function OpenJob({ job }: { readonly job: JobDocument }) {
  const { t, format } = useSpeech();
  const seconds = durationSeconds(job);
  return (
    <>
      {job.code !== null && (
        <p className="banner banner-error">{describe(t, job.code, job.params, job.message ?? job.code)}</p>
      )}
      <section className="section">
        <Facts
          of={[
            { name: t.words.status, value: <JobStatus status={job.status} /> },
            ...(hasProgress(job) ? [{ name: t.jobs.progress, value: <Progress job={job} /> }] : []),
            { name: t.words.channel, value: job.channelName ?? t.words.all },
            { name: t.words.direction, value: job.direction === null ? '–' : t.directions[job.direction] },
            { name: t.jobs.trigger, value: job.actor ?? t.jobs.triggers[job.trigger] },
            { name: t.jobs.started, value: <Time at={job.startedAt} /> },
            { name: t.jobs.finished, value: <Time at={job.finishedAt} /> },
            { name: t.jobs.duration, value: seconds === null ? '–' : format.duration(seconds) },
            ...(job.attempts > 1 ? [{ name: t.jobs.attempts, value: format.number(job.attempts) }] : []),
            ...(job.reason === null ? [] : [{ name: t.words.reason, value: job.reason }]),
          ]}
        />
      </section>
      <Section title={t.jobs.counters}>
        <Counters counters={job.counters} />
      </Section>
      {job.children.length > 0 && (
        <Section title={t.jobs.children}>
          <ul className="plain-list">
            {job.children.map((child) => (
              <ChildJob key={child} id={child} />
            ))}
          </ul>
        </Section>
      )}
      <JobResults job={job} />
    </>
  );
}

function Counters({ counters }: { readonly counters: JobDocument['counters'] }) {
  const { t, format } = useSpeech();
  const names = Object.entries(t.jobs.counterNames) as [keyof typeof t.jobs.counterNames, string][];
  const others = (Object.entries(t.jobs.otherCounters) as [keyof typeof t.jobs.otherCounters, string][]).filter(
    ([name]) => counters[name] > 0,
  );
  return (
    <>
      <CardTable columns={[t.words.direction, ...names.map(([, number]) => ({ number }))]}>
        {(['toHq', 'toChannel'] as const).map((direction) => (
          <tr key={direction}>
            <th scope="row">{t.directions[direction]}</th>
            {names.map(([name, text]) => (
              <td key={name} className="number" data-label={text}>
                {format.number(counters[direction][name])}
              </td>
            ))}
          </tr>
        ))}
      </CardTable>
      {others.length > 0 && (
        <Facts of={others.map(([name, text]) => ({ name: text, value: format.number(counters[name]) }))} />
      )}
    </>
  );
}

function ChildJob({ id }: { readonly id: string }) {
  const { t } = useSpeech();
  const names = useNames();
  const { data: job } = useRead<JobDocument>(`/jobs/${id}`);
  return (
    <li className="button-row">
      <PageLink href={`/jobs/${id}`}>
        {job === undefined
          ? id
          : `${job.mapping === null ? jobName(t, job) : names.mapping(job.mapping)}${job.channelName === null ? '' : ` · ${job.channelName}`}`}
      </PageLink>
      {job !== undefined && (
        <>
          <JobStatus status={job.status} />
          <Progress job={job} />
        </>
      )}
    </li>
  );
}

function JobActions({ job }: { readonly job: JobDocument }) {
  const { t } = useSpeech();
  const may = useMay();
  const [asking, setAsking] = useState(false);
  const tell = { onError: (fault: Error) => notify({ text: faultText(t, fault), kind: 'bad' }) };
  const cancel = useChange(() => request('POST', `/jobs/${job.id}/cancel`));
  const revert = useChange(() =>
    request<JobDocument>('POST', '/synchronization-log/revert', { body: { jobId: job.id } }),
  );
  const ended = job.finishedAt !== null;
  const undo = (): void => {
    setAsking(false);
    revert.mutate(undefined, {
      ...tell,
      onSuccess: (made) => notify({ text: t.jobs.reverting, link: { href: `/jobs/${made.id}`, text: t.words.job } }),
    });
  };
  return (
    <>
      {!ended && may('operator') && (
        <Button
          appearance="subtle"
          disabled={job.cancelRequested}
          onClick={() => cancel.mutate(undefined, { ...tell, onSuccess: () => notify({ text: t.jobs.cancelAsked }) })}
        >
          {t.jobs.cancel}
        </Button>
      )}
      {ended && !job.dryRun && may('operator') && (
        <Button appearance="subtle" onClick={() => setAsking(true)}>
          {t.jobs.revert}
        </Button>
      )}
      <PageLink className="action-link" href={addressOf('/log', { jobId: job.id })}>
        {t.nav.log}
      </PageLink>
      <Pager path="/jobs" href={`/jobs/${job.id}`} />
      {asking && (
        <Modal
          title={t.jobs.revert}
          onClose={() => setAsking(false)}
          actions={
            <>
              <Button appearance="primary" onClick={undo}>
                {t.jobs.revert}
              </Button>
              <Button onClick={() => setAsking(false)}>{t.words.cancel}</Button>
            </>
          }
        >
          <p>{t.log.revertExplain}</p>
        </Modal>
      )}
    </>
  );
}
