/** Edit takes the operation, Save keeps corrections, Synchronize applies what is stored; each does one thing. */
import { Button } from '@fluentui/react-components';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { CustomerOperationDocument } from '../../../http/schemas/customer-operations.ts';
import { useMay } from '../../api/me.ts';
import { request } from '../../api/request.ts';
import { useSpeech } from '../../language/language.tsx';
import { DismissDialog } from './bulk-operations.tsx';
import { Reopen } from './reopen.tsx';
import type { OperationWork } from './use-operation-work.ts';

interface OperationActionsProps {
  readonly operation: CustomerOperationDocument;
  readonly unsaved: boolean;
  readonly editing: boolean;
  readonly work: OperationWork;
  readonly onStop: () => void;
}

export function OperationActions({ operation, unsaved, editing, work, onStop }: OperationActionsProps) {
  const { t } = useSpeech();
  const may = useMay();
  const [dismissing, setDismissing] = useState(false);
  if (!may('operator')) return null;
  const allows = (action: CustomerOperationDocument['allowedActions'][number]): boolean =>
    operation.allowedActions.includes(action);
  return (
    <>
      {allows('edit') && !editing && (
        <Button appearance="subtle" onClick={() => work.edit.mutate(undefined)}>
          {t.operations.edit}
        </Button>
      )}
      {editing && (
        <>
          <Button appearance="primary" disabled={!unsaved || work.busy} onClick={() => work.save.mutate(false)}>
            {t.operations.save}
          </Button>
          <Button appearance="subtle" disabled={!unsaved || work.busy} onClick={() => work.save.mutate(true)}>
            {t.operations.saveAndSynchronize}
          </Button>
          <Button appearance="subtle" onClick={onStop}>
            {t.operations.stopEditing}
          </Button>
        </>
      )}
      {allows('synchronize') && !editing && (
        <Button appearance="subtle" disabled={work.busy} onClick={() => work.synchronize.mutate(undefined)}>
          {t.operations.synchronize}
        </Button>
      )}
      {allows('dismiss') && !editing && (
        <Button appearance="subtle" onClick={() => setDismissing(true)}>
          {t.operations.dismiss}
        </Button>
      )}
      <Reopen operation={operation} />
      {dismissing && (
        <DismissOne
          operation={operation}
          onClose={() => setDismissing(false)}
          onDismiss={(reason) => {
            setDismissing(false);
            work.dismiss.mutate(reason);
          }}
        />
      )}
    </>
  );
}

interface DismissOneProps {
  readonly operation: CustomerOperationDocument;
  readonly onClose: () => void;
  readonly onDismiss: (reason: string) => void;
}

/** Dismissing a create takes along what waits behind it: that is said before. */
function DismissOne({ operation, onClose, onDismiss }: DismissOneProps) {
  const behind = useQuery({
    queryKey: ['preview', 'dismiss', operation.id],
    queryFn: () =>
      request<{ readonly dismissed: readonly unknown[] }>(
        'POST',
        `/customer-operations/${operation.id}/dismiss?dryRun=true`,
        { body: { reason: '-' } },
      ),
    retry: false,
    gcTime: 0,
  });
  return <DismissDialog count={1} also={behind.data?.dismissed.length ?? 0} onClose={onClose} onDismiss={onDismiss} />;
}
