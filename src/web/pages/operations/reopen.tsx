/** Reopen. What was dismissed along with a create stays so: that is told, and can be reopened too. */
import { Button } from '@fluentui/react-components';
import { useState } from 'react';
import type { CustomerOperationDocument, ReopenAnswerDocument } from '../../../http/schemas/customer-operations.ts';
import { PageLink } from '../../address/page-link.tsx';
import { useChange } from '../../api/read.ts';
import { request } from '../../api/request.ts';
import { useSpeech } from '../../language/language.tsx';
import { faultText } from '../../parts/failed.tsx';
import { Modal } from '../../parts/modal.tsx';
import { notify } from '../../parts/notices.tsx';
import { operationName } from './operation-words.tsx';

type Left = ReopenAnswerDocument['stillDismissed'];

export function Reopen({ operation: { id, allowedActions } }: { readonly operation: CustomerOperationDocument }) {
  const { t } = useSpeech();
  const [left, setLeft] = useState<Left>([]);
  const reopen = useChange(async () => {
    const { stillDismissed } = await request<ReopenAnswerDocument>('POST', `/customer-operations/${id}/reopen`);
    setLeft(stillDismissed);
    notify({ text: t.operations.notices.reopened });
  });
  const onError = (fault: Error): void => notify({ text: faultText(t, fault), kind: 'bad' });
  return (
    <>
      {allowedActions.includes('reopen') && (
        <Button appearance="subtle" disabled={reopen.isPending} onClick={() => reopen.mutate(undefined, { onError })}>
          {t.operations.reopen}
        </Button>
      )}
      {left.length > 0 && <LeftDialog left={left} onClose={() => setLeft([])} />}
    </>
  );
}

function LeftDialog({ left, onClose }: { readonly left: Left; readonly onClose: () => void }) {
  const { t } = useSpeech();
  const all = useChange(() =>
    request<{ id: string }>('POST', '/customer-operations/bulk', {
      body: { action: 'reopen', ids: left.map(({ id }) => id) },
    }),
  );
  const start = (): void =>
    all.mutate(undefined, {
      onSuccess: ({ id }) => {
        const link = { href: `/jobs/${id}`, text: t.words.job };
        notify({ text: t.operations.notices.bulkStarted(left.length), link });
        onClose();
      },
      onError: (fault) => notify({ text: faultText(t, fault), kind: 'bad' }),
    });
  return (
    <Modal
      title={t.operations.stillDismissed(left.length)}
      onClose={onClose}
      actions={
        <>
          <Button appearance="primary" disabled={all.isPending} onClick={start}>
            {t.operations.reopenThese(left.length)}
          </Button>
          <Button onClick={onClose}>{t.operations.leaveDismissed}</Button>
        </>
      }
    >
      <p>{t.operations.dismissedAlong}</p>
      <ul className="plain-list">
        {left.map((one) => (
          <li key={one.id}>
            <PageLink href={`/customer-operations/${one.id}`}>{operationName(t, one)}</PageLink>{' '}
            {t.codes === null && <span className="value">{one.changeDescription}</span>}
          </li>
        ))}
      </ul>
    </Modal>
  );
}
