/** What is known of an error: what happened, what to do, since when, and how it ended. */
import { Button } from '@fluentui/react-components';
import type { SynchronizationErrorDocument } from '../../../http/schemas/synchronization-errors.ts';
import { addressOf } from '../../address/address.ts';
import { PageLink } from '../../address/page-link.tsx';
import { useMay } from '../../api/me.ts';
import { useChange } from '../../api/read.ts';
import { remedyOf } from '../../language/describe.ts';
import { useSpeech } from '../../language/language.tsx';
import { faultText } from '../../parts/failed.tsx';
import { notify } from '../../parts/notices.tsx';
import { type Fact, Facts } from '../../parts/page-frame.tsx';
import { Ago, Time } from '../../parts/time.tsx';
import { keyText, plainValue } from '../../parts/value-text.ts';
import { canUndo, undoResolution } from './act.ts';
import { errorMessage, errorRecord } from './error-words.tsx';

type ErrorDocument = SynchronizationErrorDocument;

export function ErrorFacts({ error }: { readonly error: ErrorDocument }) {
  const { t } = useSpeech();
  const remedy = error.status === 'open' ? remedyOf(t, error.code) : null;
  const facts: readonly (Fact | false)[] = [
    { name: t.words.hqRecord, value: <RecordFact record={error.hqRecord} /> },
    { name: t.words.channelRecord, value: <RecordFact record={error.channelRecord} /> },
    { name: t.errors.failedOn, value: <Time at={error.lastSeenAt} /> },
    { name: t.errors.firstSeen, value: <Ago at={error.firstSeenAt} /> },
    {
      name: t.errors.attempts,
      value: (
        <>
          {error.attempts}
          {error.parked && ` · ${t.errors.parked}`}
          {error.retryAt !== null && error.status === 'open' && <RetryAt at={error.retryAt} />}
        </>
      ),
    },
    error.assignee !== null && { name: t.errors.assignee, value: error.assignee },
    error.jobId !== null && {
      name: t.words.job,
      value: <PageLink href={`/jobs/${error.jobId}`}>{t.words.details}</PageLink>,
    },
  ];
  const blocking = blockingRecord(error);
  return (
    <section className="section">
      <p className="error-message">{errorMessage(t, error)}</p>
      {error.survivorChanged === true && <p>{t.errors.survivorChanged}</p>}
      {remedy !== null && (
        <p className="error-remedy">
          <strong>{t.errors.remedy}:</strong> {remedy}
        </p>
      )}
      {blocking !== null && (
        <p>
          {t.errors.inWay}: <PageLink href={blocking.href}>{blocking.text}</PageLink>
        </p>
      )}
      <Facts of={facts.filter((fact) => fact !== false)} />
    </section>
  );
}

function RecordFact({ record }: { readonly record: ErrorDocument['hqRecord'] }) {
  const { t } = useSpeech();
  const text = errorRecord(record);
  if (text === '') return <>–</>;
  return (
    <>
      {text}
      {!record.exists && <span className="quiet"> · {t.errors.deletedHere}</span>}
      {record.link !== null && isWeb(record.link) && (
        <>
          {' '}
          <a className="row-link" href={record.link} target="_blank" rel="noreferrer">
            {t.errors.openInApp}
          </a>
        </>
      )}
    </>
  );
}

/** A link comes from the configuration with values of a record in it: nothing but the web is followed. */
const isWeb = (link: string): boolean => /^https?:\/\//i.test(link);

function RetryAt({ at }: { readonly at: string }) {
  const { t, format } = useSpeech();
  return <span className="quiet"> · {t.errors.retryAt(format.ago(at))}</span>;
}

/** A key that is taken, or a parent that is missing: the list of couplings finds it by its key. */
function blockingRecord({ params, mapping }: ErrorDocument): { readonly href: string; readonly text: string } | null {
  const key = params['blockedBy'] ?? params['parentKey'];
  if (key === undefined || key === null) return null;
  const text = typeof key === 'object' ? keyText(key as Record<string, unknown>) : plainValue(key);
  const parent = params['parent'];
  return { href: addressOf('/couplings', { mapping: typeof parent === 'string' ? parent : mapping, q: text }), text };
}

export function Resolved({ error }: { readonly error: ErrorDocument }) {
  const { t } = useSpeech();
  const may = useMay();
  const undo = useChange(async () => {
    await undoResolution(error);
    // Told here: by the time a callback would be called, the error may be open again and this gone.
    notify({ text: t.shell.undone });
  });
  const { resolution } = error;
  if (resolution === null) return null;
  const known = Object.hasOwn(t.actions, resolution.action)
    ? t.actions[resolution.action as 'retry']
    : resolution.action;
  const how =
    resolution.action === 'automatic' ? t.errors.resolvedAlone : t.errors.resolvedBy(known, resolution.actor ?? '–');
  const revert = (): void =>
    undo.mutate(undefined, { onError: (fault) => notify({ text: faultText(t, fault), kind: 'bad' }) });
  return (
    <div className="banner banner-good resolved">
      <p>
        <strong>{how}</strong> · <Time at={resolution.at} />
        {resolution.reason !== null && <> · {resolution.reason}</>}
      </p>
      {canUndo(error) && may('operator') && (
        <Button size="small" disabled={undo.isPending} onClick={revert}>
          {t.shell.undo}
        </Button>
      )}
    </div>
  );
}
