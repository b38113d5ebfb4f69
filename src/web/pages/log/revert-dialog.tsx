/** Undo of a step: what would be written first, then doing it. */
import { Button, Field, Spinner, Textarea } from '@fluentui/react-components';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { LogEntryDocument } from '../../../http/schemas/synchronization-log.ts';
import { useChange } from '../../api/read.ts';
import { ApiProblem, request } from '../../api/request.ts';
import { describeEntry } from '../../language/describe.ts';
import { useSpeech } from '../../language/language.tsx';
import { faultText } from '../../parts/failed.tsx';
import { Modal } from '../../parts/modal.tsx';
import { notify } from '../../parts/notices.tsx';
import { Dependents, Writes } from '../../parts/writes.tsx';
import type { Preview } from '../errors/act.ts';
import { type Move, Moves } from '../errors/stale.tsx';

export function RevertDialog({ entry, onClose }: { readonly entry: LogEntryDocument; readonly onClose: () => void }) {
  const { t } = useSpeech();
  const [reason, setReason] = useState('');
  const path = `/synchronization-log/${entry.id}/revert`;
  const preview = useQuery({
    queryKey: ['preview', 'revert', entry.id],
    queryFn: () => request<Preview>('POST', `${path}?dryRun=true`, { body: {} }),
    retry: false,
    gcTime: 0,
  });
  const revert = useChange(() =>
    request<{ outcome: string }>('POST', path, { body: reason.trim() === '' ? {} : { reason: reason.trim() } }),
  );
  const fault = revert.error ?? preview.error;
  const confirm = (): void =>
    revert.mutate(undefined, {
      onSuccess: () => {
        notify({ text: t.shell.undone });
        onClose();
      },
    });
  return (
    <Modal
      title={t.log.revertTitle}
      onClose={onClose}
      wide
      actions={
        <>
          <Button appearance="primary" disabled={preview.data === undefined || revert.isPending} onClick={confirm}>
            {t.log.revert}
          </Button>
          <Button onClick={onClose}>{t.words.cancel}</Button>
        </>
      }
    >
      <p>
        <strong>{describeEntry(t, entry)}</strong>
      </p>
      <p>{t.log.revertExplain}</p>
      <div role="alert">{fault !== null && <RevertFault fault={fault} channelName={entry.channelName} />}</div>
      <div aria-live="polite">
        <h3 className="preview-title">{t.actions.preview}</h3>
        {preview.isPending && <Spinner size="tiny" label={t.actions.previewing} />}
        {preview.data && (
          <>
            <Writes writes={preview.data.writes} />
            <Dependents of={preview.data.dependents} />
          </>
        )}
      </div>
      <Field label={t.actions.reason}>
        <Textarea rows={2} value={reason} onChange={(_, { value }) => setReason(value)} />
      </Field>
    </Modal>
  );
}

interface RevertFaultProps {
  readonly fault: Error;
  readonly channelName: string;
}

/** As the API names a field that has moved: what the step left there, and what is there now. */
interface Difference {
  readonly field: string;
  readonly side: Move['side'];
  readonly left: unknown;
  readonly now: unknown;
}

function RevertFault({ fault, channelName }: RevertFaultProps) {
  const { t } = useSpeech();
  const stale = fault instanceof ApiProblem && fault.code === 'stale-decision';
  const moved = stale ? ((fault.problem.differences ?? []) as readonly Difference[]) : [];
  return (
    <div className="banner banner-error">
      <p>{moved.length > 0 ? t.log.movedSince : faultText(t, fault)}</p>
      {moved.length > 0 && (
        <Moves
          of={moved.map(({ field, side, left, now }) => ({ field, side, before: left, now }))}
          channelName={channelName}
        />
      )}
    </div>
  );
}
