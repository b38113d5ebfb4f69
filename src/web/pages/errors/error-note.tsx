/** Who looks after an error, and what they noted. */
import { Button, Field, Textarea } from '@fluentui/react-components';
import { useState } from 'react';
import type { SynchronizationErrorDocument } from '../../../http/schemas/synchronization-errors.ts';
import { useMay, useMe } from '../../api/me.ts';
import { useChange } from '../../api/read.ts';
import { request } from '../../api/request.ts';
import { useSpeech } from '../../language/language.tsx';
import { faultText } from '../../parts/failed.tsx';
import { notify } from '../../parts/notices.tsx';
import { Section } from '../../parts/page-frame.tsx';

export function ErrorNote({ error }: { readonly error: SynchronizationErrorDocument }) {
  const { t } = useSpeech();
  const may = useMay();
  const { actor } = useMe();
  const [note, setNote] = useState(error.note ?? '');
  const change = useChange((body: { assignee?: string | null; note?: string | null }) =>
    request('PATCH', `/synchronization-errors/${error.id}`, { body }),
  );
  if (!may('operator')) return error.note === null ? null : <p className="section">{error.note}</p>;
  const save = (body: { assignee?: string | null; note?: string | null }): void =>
    change.mutate(body, {
      onSuccess: () => notify({ text: t.errors.noteSaved }),
      onError: (fault) => notify({ text: faultText(t, fault), kind: 'bad' }),
    });
  const mine = error.assignee === actor;
  return (
    <Section
      title={error.assignee === null ? t.errors.note : `${t.errors.assignee}: ${error.assignee}`}
      actions={
        <Button size="small" onClick={() => save({ assignee: mine ? null : actor })}>
          {mine ? t.errors.unassign : t.errors.assignToMe}
        </Button>
      }
    >
      <Field label={t.errors.note}>
        <Textarea rows={2} value={note} onChange={(_, { value }) => setNote(value)} />
      </Field>
      <div className="button-row note-actions">
        <Button
          size="small"
          disabled={note === (error.note ?? '') || change.isPending}
          onClick={() => save({ note: note.trim() === '' ? null : note })}
        >
          {t.errors.saveNote}
        </Button>
      </div>
    </Section>
  );
}
