/** What can be done with a mapping as a whole. */
import { Button, Field, Radio, RadioGroup } from '@fluentui/react-components';
import { ArrowSyncRegular } from '@fluentui/react-icons/svg/arrow-sync';
import { useState } from 'react';
import type { JobDocument } from '../../../http/schemas/jobs.ts';
import type { MappingDocument } from '../../../http/schemas/mappings.ts';
import { navigate } from '../../address/address.ts';
import { useMay } from '../../api/me.ts';
import { useChange } from '../../api/read.ts';
import { request } from '../../api/request.ts';
import { useSpeech } from '../../language/language.tsx';
import { faultText } from '../../parts/failed.tsx';
import { Modal } from '../../parts/modal.tsx';
import { notify } from '../../parts/notices.tsx';
import { useRun } from './use-run.ts';

export function MappingActions({ mapping }: { readonly mapping: MappingDocument }) {
  const { t } = useSpeech();
  const may = useMay();
  const run = useRun();
  const [matching, setMatching] = useState(false);
  const path = `/mappings/${encodeURIComponent(mapping.name)}`;
  const switching = useChange((verb: 'pause' | 'resume') => request('POST', `${path}/${verb}`));
  if (mapping.state === 'notConfigured') return null;
  const paused = mapping.state === 'paused';
  const press = (): void =>
    switching.mutate(paused ? 'resume' : 'pause', {
      onSuccess: () => notify({ text: paused ? t.mappings.resumed(mapping.label) : t.mappings.paused(mapping.label) }),
      onError: (fault) => notify({ text: faultText(t, fault), kind: 'bad' }),
    });
  return (
    <>
      {may('operator') && (
        <>
          <Button appearance="subtle" icon={<ArrowSyncRegular />} onClick={() => run(mapping, { scope: 'modified' })}>
            {t.mappings.synchronizeNow}
          </Button>
          <Button appearance="subtle" onClick={() => run(mapping, { scope: 'full' })}>
            {t.mappings.fullRun}
          </Button>
          <Button appearance="subtle" onClick={() => run(mapping, { scope: 'full', dryRun: true })}>
            {t.mappings.dryRun}
          </Button>
          <Button appearance="subtle" onClick={() => setMatching(true)}>
            {t.mappings.match}
          </Button>
        </>
      )}
      {may('admin') && (
        <Button appearance="subtle" disabled={switching.isPending} onClick={press}>
          {paused ? t.mappings.resume : t.mappings.pause}
        </Button>
      )}
      {matching && <MatchDialog mapping={mapping} onClose={() => setMatching(false)} />}
    </>
  );
}

type Create = 'none' | 'hq' | 'channel' | 'both';

function MatchDialog({ mapping, onClose }: { readonly mapping: MappingDocument; readonly onClose: () => void }) {
  const { t } = useSpeech();
  const [create, setCreate] = useState<Create>('none');
  const match = useChange((dryRun: boolean) =>
    request<JobDocument>('POST', `/mappings/${encodeURIComponent(mapping.name)}/couple`, {
      body: { dryRun, ...(create !== 'none' && { createUnmatched: create }) },
    }),
  );
  const start = (dryRun: boolean): void =>
    match.mutate(dryRun, {
      onSuccess: ({ id }) => {
        onClose();
        navigate(`/jobs/${id}`);
      },
      onError: (fault) => notify({ text: faultText(t, fault), kind: 'bad' }),
    });
  return (
    <Modal
      title={t.mappings.match}
      onClose={onClose}
      actions={
        <>
          <Button appearance="primary" onClick={() => start(false)}>
            {t.mappings.match}
          </Button>
          <Button onClick={() => start(true)}>{t.mappings.dryRun}</Button>
          <Button onClick={onClose}>{t.words.cancel}</Button>
        </>
      }
    >
      <p>{t.mappings.matchExplain}</p>
      <Field label={t.mappings.createUnmatched}>
        <RadioGroup value={create} onChange={(_, { value }) => setCreate(value as Create)}>
          {Object.entries(t.mappings.createIn).map(([value, name]) => (
            <Radio key={value} value={value} label={name} />
          ))}
        </RadioGroup>
      </Field>
    </Modal>
  );
}
