/** Synchronizes one pair now, or removes its coupling; both ask first. */
import { Button, Field, Radio, RadioGroup, Spinner, Textarea } from '@fluentui/react-components';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { CouplingDocument } from '../../../http/schemas/couplings.ts';
import { searchParams } from '../../address/address.ts';
import { useChange, withQuery } from '../../api/read.ts';
import { request } from '../../api/request.ts';
import { useSpeech } from '../../language/language.tsx';
import { faultText } from '../../parts/failed.tsx';
import { Modal } from '../../parts/modal.tsx';
import { notify } from '../../parts/notices.tsx';
import { Writes } from '../../parts/writes.tsx';
import type { Preview, Side } from '../errors/act.ts';

interface CouplingDialogProps {
  readonly coupling: CouplingDocument;
  readonly what: 'synchronize' | 'remove';
  readonly onClose: () => void;
}

export function CouplingDialog({ coupling, what, onClose }: CouplingDialogProps) {
  const { t } = useSpeech();
  const [winner, setWinner] = useState<Side | 'any'>('any');
  const [reason, setReason] = useState('');
  const path = `/couplings/${coupling.id}`;
  const chosen = winner === 'any' ? {} : { winner };
  const act = useChange(async () => {
    const why = reason.trim() === '' ? {} : { reason: reason.trim() };
    if (what === 'remove') await request('DELETE', withQuery(path, searchParams(why)));
    else return request<CouplingDocument>('POST', `${path}/synchronize`, { body: { ...chosen, ...why } });
  });
  const confirm = (): void =>
    act.mutate(undefined, {
      onSuccess: (answer) => {
        const unsettled = answer !== undefined && answer.status !== 'synchronized';
        notify({
          text: what === 'remove' ? t.couplings.removed : unsettled ? t.couplings.unsettled : t.couplings.synchronized,
          kind: unsettled ? 'bad' : 'done',
        });
        onClose();
      },
    });
  const title = what === 'remove' ? t.couplings.uncouple : t.couplings.synchronizeNow;
  return (
    <Modal
      title={title}
      onClose={onClose}
      wide
      actions={
        <>
          <Button appearance="primary" disabled={act.isPending} onClick={confirm}>
            {title}
          </Button>
          <Button onClick={onClose}>{t.words.cancel}</Button>
        </>
      }
    >
      <div role="alert">{act.error !== null && <p className="banner banner-error">{faultText(t, act.error)}</p>}</div>
      {what === 'remove' ? (
        <p>{t.actions.explain['remove-coupling']}</p>
      ) : (
        <>
          <Field label={t.actions.chooseVersion}>
            <RadioGroup value={winner} onChange={(_, { value }) => setWinner(value as Side)}>
              <Radio value="any" label={t.words.none} />
              <Radio value="hq" label={t.actions.hqVersion} />
              <Radio value="channel" label={t.actions.channelVersion} />
            </RadioGroup>
          </Field>
          <PairPreview path={path} winner={winner} />
        </>
      )}
      <Field label={t.actions.reason}>
        <Textarea rows={2} value={reason} onChange={(_, { value }) => setReason(value)} />
      </Field>
    </Modal>
  );
}

function PairPreview({ path, winner }: { readonly path: string; readonly winner: Side | 'any' }) {
  const { t } = useSpeech();
  const preview = useQuery({
    queryKey: ['preview', path, winner],
    queryFn: () =>
      request<Preview>('POST', `${path}/synchronize?dryRun=true`, { body: winner === 'any' ? {} : { winner } }),
    retry: false,
    gcTime: 0,
  });
  return (
    <div aria-live="polite">
      <h3 className="preview-title">{t.actions.preview}</h3>
      {preview.isPending && <Spinner size="tiny" label={t.actions.previewing} />}
      {preview.error !== null && <p className="banner banner-error">{faultText(t, preview.error)}</p>}
      {preview.data && <Writes writes={preview.data.writes} />}
    </div>
  );
}
