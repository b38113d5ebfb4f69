/** The decision of a conflict: what is chosen, what exactly would be written, why, and Synchronize. */
import { Button, Field, Spinner, Textarea } from '@fluentui/react-components';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { SynchronizationErrorDocument } from '../../../http/schemas/synchronization-errors.ts';
import type { ApiProblem } from '../../api/request.ts';
import { useSpeech } from '../../language/language.tsx';
import { faultText } from '../../parts/failed.tsx';
import { useSettled } from '../../parts/use-settled.ts';
import { Writes } from '../../parts/writes.tsx';
import { type Decision, isStale, previewOne } from './act.ts';
import { type Choices, differs } from './compare.tsx';
import { useAct } from './use-act.ts';

interface DecideProps {
  readonly error: SynchronizationErrorDocument;
  readonly choices: Choices;
  readonly onStart: () => void;
  readonly onStale: (problem: ApiProblem) => void;
  readonly onDone: () => void;
}

const TYPING_MS = 350;

export function Decide({ error, choices, onStart, onStale, onDone }: DecideProps) {
  const { t } = useSpeech();
  const act = useAct();
  const [reason, setReason] = useState('');
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<string | null>(null);
  const open = error.fields.filter(differs).map(({ name }) => name);
  const chosen = choices.winner === null ? Object.keys(choices.fields).length : open.length;
  const decision: Decision = {
    action: 'synchronize',
    ...(choices.winner && { winner: choices.winner }),
    ...(Object.keys(choices.fields).length > 0 && { fields: choices.fields }),
  };
  const confirm = async (): Promise<void> => {
    setBusy(true);
    onStart();
    setRefusal(null);
    try {
      await act({ kind: 'one', error }, { ...decision, ...(reason.trim() !== '' && { reason: reason.trim() }) });
      onDone();
    } catch (fault) {
      if (isStale(fault)) onStale(fault);
      else setRefusal(faultText(t, fault));
    } finally {
      setBusy(false);
    }
  };
  return (
    <div className="decide stack">
      {chosen > 0 && !busy && <DecisionPreview error={error} decision={decision} onStale={onStale} />}
      <Field label={t.actions.reason}>
        <Textarea rows={1} value={reason} onChange={(_, { value }) => setReason(value)} />
      </Field>
      <div role="alert">{refusal !== null && <p className="banner banner-error">{refusal}</p>}</div>
      <div className="button-row">
        <Button appearance="primary" disabled={chosen === 0 || busy} onClick={() => void confirm()}>
          {t.actions.synchronize}
        </Button>
        <span className="quiet" role="status">
          {t.errors.chosen(chosen, open.length)}
        </span>
      </div>
    </div>
  );
}

interface DecisionPreviewProps {
  readonly error: SynchronizationErrorDocument;
  readonly decision: Decision;
  readonly onStale: (problem: ApiProblem) => void;
}

function DecisionPreview({ error, decision, onStale }: DecisionPreviewProps) {
  const { t } = useSpeech();
  const settled = useSettled(JSON.stringify(decision), TYPING_MS);
  const preview = useQuery({
    queryKey: ['preview', error.id, error.etag ?? '', settled],
    queryFn: ({ signal }) => previewOne(error, JSON.parse(settled) as Decision, signal),
    retry: false,
    staleTime: 0,
  });
  const { error: fault } = preview;
  useEffect(() => {
    if (isStale(fault)) onStale(fault);
    // Only a new fault is news; `onStale` is another function on every drawing.
  }, [fault]);
  return (
    <div aria-live="polite">
      <h3 className="preview-title">{t.actions.preview}</h3>
      {preview.isPending && <Spinner size="tiny" label={t.actions.previewing} />}
      {fault !== null && !isStale(fault) && <p className="banner banner-error">{faultText(t, fault)}</p>}
      {preview.data && <Writes writes={preview.data.writes} />}
    </div>
  );
}
