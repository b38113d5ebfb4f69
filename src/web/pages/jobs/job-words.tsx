/** Parts of a job that list and card share. */
import { ProgressBar } from '@fluentui/react-components';
import type { JobDocument } from '../../../http/schemas/jobs.ts';
import type { PageTexts } from '../../language/en.ts';
import { useSpeech } from '../../language/language.tsx';
import { Mark, type Tone } from '../../parts/mark.tsx';

const TONES: Record<JobDocument['status'], Tone> = {
  queued: 'quiet',
  running: 'busy',
  succeeded: 'good',
  failed: 'bad',
  cancelled: 'quiet',
};

export function JobStatus({ status }: { readonly status: JobDocument['status'] }) {
  const { t } = useSpeech();
  return <Mark tone={TONES[status]}>{t.jobs.statuses[status]}</Mark>;
}

export const jobName = (t: PageTexts, job: JobDocument): string =>
  [
    t.jobs.kinds[job.kind],
    job.kind === 'synchronize' && job.scope === 'full' && t.jobs.scopes.full.toLowerCase(),
    job.dryRun && t.jobs.dryRun.toLowerCase(),
  ]
    .filter((part) => part !== false)
    .join(', ');

/** One that found nothing to do, or was not begun, has none to show. */
export const hasProgress = ({ status, progress: { done, total } }: JobDocument): boolean =>
  status !== 'queued' && (done > 0 || (total ?? 0) > 0);

export function Progress({ job }: { readonly job: JobDocument }) {
  const { t } = useSpeech();
  const { done, total } = job.progress;
  if (!hasProgress(job)) return null;
  if (total === null || total === 0) return <>{t.jobs.progressDone(done)}</>;
  return (
    <span className="progress">
      {job.status === 'running' && <ProgressBar value={done} max={total} aria-label={t.jobs.progress} />}
      <span>{t.jobs.progressOf(done, total)}</span>
    </span>
  );
}

export const writtenIn = ({ counters: { toHq, toChannel } }: JobDocument): number =>
  [toHq, toChannel].reduce((sum, side) => sum + side.inserted + side.modified + side.deleted, 0);

export function durationSeconds({ startedAt, finishedAt }: JobDocument): number | null {
  if (startedAt === null) return null;
  const endMs = finishedAt === null ? Date.now() : Date.parse(finishedAt);
  return Math.max(0, (endMs - Date.parse(startedAt)) / 1_000);
}
