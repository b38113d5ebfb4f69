/** Asks before acting: what the action does, which version wins, what exactly would be written, and why. */
import { Button, Field, Radio, RadioGroup, Spinner, Textarea } from '@fluentui/react-components';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { isProblem } from '../../api/read.ts';
import type { ApiProblem } from '../../api/request.ts';
import { useSpeech } from '../../language/language.tsx';
import { faultText } from '../../parts/failed.tsx';
import { Modal } from '../../parts/modal.tsx';
import { keyText } from '../../parts/value-text.ts';
import { Dependents, Writes } from '../../parts/writes.tsx';
import { countOf, type Decision, isStale, previewMany, previewOne, type Side, type Target } from './act.ts';
import { useAct } from './use-act.ts';

interface ActDialogProps {
  readonly target: Target;
  readonly decision: Decision;
  readonly onClose: () => void;
  readonly onDone: () => void;
  /** Shows what has moved; without it the dialog says that something has. */
  readonly onStale?: (problem: ApiProblem) => void;
}

export function ActDialog({ target, decision: given, onClose, onDone, onStale }: ActDialogProps) {
  const { t } = useSpeech();
  const act = useAct();
  const [winner, setWinner] = useState<Side | null>(null);
  const [reason, setReason] = useState('');
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<string | null>(null);
  const { action } = given;
  const decision: Decision = {
    ...given,
    ...(winner && { winner }),
    ...(reason.trim() !== '' && { reason: reason.trim() }),
  };
  const ready = action !== 'synchronize' || winner !== null;
  const name = t.actions[action];
  const confirm = async (): Promise<void> => {
    setBusy(true);
    try {
      await act(target, decision);
      onDone();
    } catch (fault) {
      if (onStale !== undefined && isStale(fault)) return onStale(fault);
      setRefusal(isProblem(fault, 'stale-decision') ? `${t.errors.stale} ${t.errors.staleMore}` : faultText(t, fault));
    } finally {
      setBusy(false);
    }
  };
  const danger = action === 'delete';
  return (
    <Modal
      title={countOf(target) === 1 ? name : t.actions.confirmMany(name, countOf(target))}
      onClose={onClose}
      wide
      actions={
        <>
          <Button
            appearance="primary"
            className={danger ? 'button-danger' : ''}
            disabled={!ready || busy}
            onClick={() => void confirm()}
          >
            {name}
          </Button>
          <Button onClick={onClose}>{t.words.cancel}</Button>
        </>
      }
    >
      <p>{t.actions.explain[action]}</p>
      <div role="alert">{refusal !== null && <p className="banner banner-error">{refusal}</p>}</div>
      {action === 'synchronize' && (
        <Field label={t.actions.chooseVersion} required>
          <RadioGroup value={winner ?? ''} onChange={(_, { value }) => setWinner(value as Side)}>
            <Radio value="hq" label={t.actions.hqVersion} />
            <Radio value="channel" label={t.actions.channelVersion} />
          </RadioGroup>
        </Field>
      )}
      {ready &&
        !busy &&
        (target.kind === 'one' ? (
          <OnePreview target={target} decision={{ ...given, ...(winner && { winner }) }} />
        ) : (
          <ManyPreview target={target} decision={decision} />
        ))}
      <Field label={t.actions.reason}>
        <Textarea rows={2} value={reason} onChange={(_, { value }) => setReason(value)} />
      </Field>
    </Modal>
  );
}

interface PreviewProps<Kind extends Target> {
  readonly target: Kind;
  readonly decision: Decision;
}

function OnePreview({ target: { error }, decision }: PreviewProps<Extract<Target, { kind: 'one' }>>) {
  const { t } = useSpeech();
  const preview = useQuery({
    queryKey: ['preview', error.id, error.etag ?? '', JSON.stringify(decision)],
    queryFn: ({ signal }) => previewOne(error, decision, signal),
    retry: false,
  });
  return (
    <div aria-live="polite">
      <h3 className="preview-title">{t.actions.preview}</h3>
      {preview.isPending && <Spinner size="tiny" label={t.actions.previewing} />}
      {preview.error !== null && <p className="banner banner-error">{faultText(t, preview.error)}</p>}
      {preview.data && (
        <>
          <Writes writes={preview.data.writes} />
          <Dependents of={preview.data.dependents} />
        </>
      )}
    </div>
  );
}

/** Working out the writes of many reads every record of them: only when somebody asks. */
function ManyPreview({ target, decision }: PreviewProps<Exclude<Target, { kind: 'one' }>>) {
  const { t } = useSpeech();
  const { reason: _, ...bare } = decision;
  const preview = useQuery({
    queryKey: ['preview', JSON.stringify(target), JSON.stringify(bare)],
    queryFn: () => previewMany(target, bare),
    enabled: false,
    retry: false,
  });
  return (
    <div aria-live="polite" className="stack">
      {preview.data === undefined && (
        <div>
          <Button size="small" disabled={preview.isFetching} onClick={() => void preview.refetch()}>
            {preview.isFetching ? t.actions.previewing : t.actions.showPreview}
          </Button>
        </div>
      )}
      {preview.error !== null && <p className="banner banner-error">{faultText(t, preview.error)}</p>}
      {preview.data?.results.map((result, at) => (
        <div key={at}>
          <h3 className="preview-title">
            {[keyText(result.hqKey), keyText(result.channelKey)].filter((text) => text !== '').join(' / ')}
          </h3>
          {result.message !== null && <p className="quiet">{result.message}</p>}
          <Writes writes={result.writes} />
        </div>
      ))}
      {preview.data && (preview.data.job.progress.total ?? 0) > preview.data.results.length && (
        <p className="quiet">
          {t.actions.andMore((preview.data.job.progress.total ?? 0) - preview.data.results.length)}
        </p>
      )}
    </div>
  );
}
