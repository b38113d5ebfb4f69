/** Edit takes the operation, Save keeps corrections, Synchronize applies what is stored; each does one thing. */
import { Button } from '@fluentui/react-components';
import { useEffect, useState } from 'react';
import type { OperationDetail } from '../../api/commerce.ts';
import { useMay, useMe } from '../../api/me.ts';
import { isProblem, queryClient, useChange } from '../../api/read.ts';
import { request } from '../../api/request.ts';
import { useSpeech } from '../../language/language.tsx';
import { faultText } from '../../parts/failed.tsx';
import { notify } from '../../parts/notices.tsx';
import { DismissDialog } from './bulk-operations.tsx';
import { knownErrorText } from './operation-words.tsx';
import type { Draft } from './draft.ts';

interface OperationActionsProps {
  readonly operation: OperationDetail;
  readonly draft: Draft;
  readonly editing: boolean;
  readonly onEditing: (editing: boolean) => void;
  readonly onSettled: () => void;
}

const EDITABLE: ReadonlySet<OperationDetail['status']> = new Set([
  'received',
  'failed',
  'conflict',
  'blocked',
  'editing',
]);

export function OperationActions(props: OperationActionsProps) {
  const { operation, draft, editing } = props;
  const { t } = useSpeech();
  const may = useMay();
  const { actor } = useMe();
  const [dismissing, setDismissing] = useState(false);
  const work = useOperationWork(props);
  const unsaved = Object.keys(draft).length > 0;
  useLeaveWarning(unsaved);
  if (!may('operator')) return null;
  const others = operation.editing !== null && operation.editing.by !== actor;
  const open = EDITABLE.has(operation.status) && !others;
  return (
    <>
      {open && !editing && (
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
          <Button appearance="subtle" onClick={() => work.release.mutate(undefined)}>
            {t.operations.stopEditing}
          </Button>
        </>
      )}
      {open && !unsaved && (
        <Button appearance="subtle" disabled={work.busy} onClick={() => work.synchronize.mutate(undefined)}>
          {t.operations.synchronize}
        </Button>
      )}
      {open && !editing && (
        <Button appearance="subtle" onClick={() => setDismissing(true)}>
          {t.operations.dismiss}
        </Button>
      )}
      {operation.status === 'dismissed' && operation.raw == null && (
        <Button appearance="subtle" onClick={() => work.reopen.mutate(undefined)}>
          {t.operations.reopen}
        </Button>
      )}
      {dismissing && (
        <DismissDialog
          count={1}
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

function useOperationWork({ operation, draft, onEditing, onSettled }: OperationActionsProps) {
  const { t } = useSpeech();
  const path = `/customer-operations/${operation.id}`;
  const onError = (fault: Error): void => {
    const stale = isProblem(fault, 'stale-decision') || isProblem(fault, 'precondition-failed');
    notify({ text: stale ? t.operations.notices.stale : faultText(t, fault), kind: 'bad' });
  };
  const tellResult = (answer: OperationDetail): void => {
    const done = answer.status === 'synchronized';
    const why = answer.lastKnownError === null ? '' : ` ${knownErrorText(t, answer.lastKnownError)}`;
    notify(
      done
        ? { text: t.operations.notices.synchronized }
        : { text: `${t.operations.notices.notSynchronized}${why}`, kind: 'bad' },
    );
  };
  const applyStored = (): Promise<OperationDetail> => request<OperationDetail>('POST', `${path}/synchronize`);
  const edit = useChange(() => request('POST', `${path}/edit`));
  const release = useChange(() => request('DELETE', `${path}/edit`));
  const save = useChange(async (andSynchronize: boolean) => {
    const etag = await currentEtag(path, operation);
    await request('PATCH', path, { body: { attributes: draft }, ifMatch: etag });
    onSettled();
    onEditing(false);
    if (andSynchronize) tellResult(await applyStored());
    else notify({ text: t.operations.notices.saved });
  });
  const synchronize = useChange(async () => tellResult(await applyStored()));
  const dismiss = useChange(async (reason: string) => {
    await request('POST', `${path}/dismiss`, { body: { reason } });
    notify({ text: t.operations.notices.dismissed });
  });
  const reopen = useChange(async () => {
    await request('POST', `${path}/reopen`);
    notify({ text: t.operations.notices.reopened });
  });
  const told = <Input,>(change: { mutate: (input: Input, options: object) => void }, onSuccess?: () => void) => ({
    mutate: (input: Input) => change.mutate(input, { onError, ...(onSuccess && { onSuccess }) }),
  });
  return {
    busy: save.isPending || synchronize.isPending,
    edit: told(edit, () => onEditing(true)),
    release: told(release, () => {
      onEditing(false);
      onSettled();
    }),
    save: told(save),
    synchronize: told(synchronize),
    dismiss: told(dismiss),
    reopen: told(reopen),
  };
}

/**
 * Taking the operation into editing changes its ETag, so the one that was opened is out of date by our own doing. What
 * must not have moved is what was seen: the attributes as they were drawn.
 */
async function currentEtag(path: string, seen: OperationDetail): Promise<string> {
  const now = await queryClient.fetchQuery({
    queryKey: [path, ''],
    queryFn: () => request<OperationDetail>('GET', path),
    staleTime: 0,
  });
  const moved = JSON.stringify(now.attributes) !== JSON.stringify(seen.attributes);
  return (moved ? seen.etag : now.etag) ?? '*';
}

function useLeaveWarning(unsaved: boolean): void {
  useEffect(() => {
    if (!unsaved) return;
    const warn = (event: BeforeUnloadEvent): void => event.preventDefault();
    window.addEventListener('beforeunload', warn);
    return () => window.removeEventListener('beforeunload', warn);
  }, [unsaved]);
}
