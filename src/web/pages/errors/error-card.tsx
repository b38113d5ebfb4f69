/** One error: what has happened, both records, and what can be done about it. */
import { Button } from '@fluentui/react-components';
import type { SynchronizationErrorDocument } from '../../../http/schemas/synchronization-errors.ts';
import { addressOf } from '../../address/address.ts';
import { PageLink } from '../../address/page-link.tsx';
import { useMay } from '../../api/me.ts';
import { useRead } from '../../api/read.ts';
import { useSpeech } from '../../language/language.tsx';
import { Answered } from '../../parts/failed.tsx';
import { PageFrame, Section } from '../../parts/page-frame.tsx';
import { Pager, useBack } from '../../parts/pager.tsx';
import { useNames } from '../use-names.ts';
import type { Decision, ErrorAction } from './act.ts';
import { ActDialog } from './act-dialog.tsx';
import { AffectedRecords, Candidates } from './around-error.tsx';
import { Compare, isLone } from './compare.tsx';
import { Decide } from './decide.tsx';
import { ErrorFacts, Resolved } from './error-facts.tsx';
import { errorName, KindMark } from './error-words.tsx';
import { StaleBanner } from './stale.tsx';
import { useActNow } from './use-act.ts';
import { ErrorNote } from './error-note.tsx';
import { useDecision } from './use-decision.ts';

export function ErrorCard({ id }: { readonly id: string }) {
  const { t } = useSpeech();
  const path = `/synchronization-errors/${id}`;
  const asked = useRead<SynchronizationErrorDocument>(path);
  const back = useBack('/synchronization-errors', '/errors', t.nav.errors);
  if (asked.data === undefined)
    return (
      <PageFrame title={t.nav.errors} back={back}>
        <Answered of={asked}>{() => null}</Answered>
      </PageFrame>
    );
  return <OpenCard error={asked.data} back={back} />;
}

/** Records move without an event of the error; whoever decides should see them as they are. */
const FOLLOW_MS = 5_000;

interface OpenCardProps {
  readonly error: SynchronizationErrorDocument;
  readonly back: { readonly href: string; readonly text: string };
}

function OpenCard({ error, back }: OpenCardProps) {
  const { t } = useSpeech();
  const names = useNames();
  const may = useMay();
  useRead(`/synchronization-errors/${error.id}`, {}, { refetchMs: error.status === 'open' && FOLLOW_MS });
  const { choices, asking, setAsking, stale, choose, start, refuse, done } = useDecision(error);
  const choosing = may('operator') && error.allowedActions.includes('synchronize');
  return (
    <PageFrame
      title={errorName(error)}
      back={back}
      over={
        <>
          <KindMark kind={error.kind} /> · {names.mapping(error.mapping)} · {error.channelName}
        </>
      }
      actions={<ErrorActions error={error} onAsk={setAsking} />}
    >
      {stale !== null && <StaleBanner stale={stale} />}
      {error.resolution !== null && <Resolved error={error} />}
      <ErrorFacts error={error} />
      {error.scope === 'mapping' ? (
        <AffectedRecords error={error} />
      ) : (
        error.fields.length > 0 && (
          <Section title={isLone(error) ? t.couplings.values : t.errors.compare}>
            {error.asOf != null && <p className="banner banner-warning">{t.words.asOf(error.asOf)}</p>}
            {choosing && <p className="quiet compare-hint">{t.errors.choose}</p>}
            <Compare error={error} choices={choosing ? choices : null} onChoose={choose} />
            {choosing && <Decide error={error} choices={choices} onStart={start} onStale={refuse} onDone={done} />}
          </Section>
        )
      )}
      <Candidates error={error} onAsk={setAsking} />
      {error.status === 'open' && <ErrorNote key={error.id} error={error} />}
      {asking !== null && (
        <ActDialog
          target={{ kind: 'one', error }}
          decision={asking}
          onClose={() => setAsking(null)}
          onDone={done}
          onStale={refuse}
        />
      )}
    </PageFrame>
  );
}

/** Synchronize stands below the versions, where it is chosen. */
const IN_TOOLBAR: readonly ErrorAction[] = ['retry', 'restore', 'delete', 'remove-coupling', 'approve', 'decline'];

interface ErrorActionsProps {
  readonly error: SynchronizationErrorDocument;
  readonly onAsk: (decision: Decision) => void;
}

function ErrorActions({ error, onAsk }: ErrorActionsProps) {
  const { t } = useSpeech();
  const may = useMay();
  const { actNow, busy } = useActNow();
  const offered = IN_TOOLBAR.filter(
    (action) => error.allowedActions.includes(action) && may(action === 'approve' ? 'admin' : 'operator'),
  );
  const lone = error.couplingId === null;
  return (
    <>
      {offered.map((action) => (
        <Button
          key={action}
          appearance="subtle"
          disabled={busy}
          onClick={() => (action === 'retry' ? actNow({ kind: 'one', error }, { action }) : onAsk({ action }))}
        >
          {t.actions[action]}
        </Button>
      ))}
      {lone && may('operator') && error.allowedActions.includes('couple') && (
        <Button appearance="subtle" onClick={() => onAsk({ action: 'couple', create: true })}>
          {t.errors.createNew}
        </Button>
      )}
      <PageLink className="action-link" href={logAddress(error)}>
        {t.errors.log}
      </PageLink>
      {error.couplingId !== null && (
        <PageLink className="action-link" href={`/couplings/${error.couplingId}`}>
          {t.errors.coupling}
        </PageLink>
      )}
      <Pager path="/synchronization-errors" href={`/errors/${error.id}`} />
    </>
  );
}

const logAddress = (error: SynchronizationErrorDocument): string =>
  addressOf('/log', error.couplingId === null ? { errorId: error.id } : { couplingId: error.couplingId });
