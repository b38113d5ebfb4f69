/** What can be done about a customer operation, and telling what came of it. */
import { useEffect, useState } from 'react';
import type { CustomerOperationDocument } from '../../../http/schemas/customer-operations.ts';
import { isProblem, queryClient, readAgain, useChange } from '../../api/read.ts';
import { ApiProblem, request } from '../../api/request.ts';
import { describe } from '../../language/describe.ts';
import type { PageTexts } from '../../language/en.ts';
import { useSpeech } from '../../language/language.tsx';
import { faultText } from '../../parts/failed.tsx';
import { notify } from '../../parts/notices.tsx';
import type { Draft } from './draft.ts';
import { knownErrorText } from './operation-words.tsx';

interface OperationWorkProps {
  readonly operation: CustomerOperationDocument;
  readonly draft: Draft;
  /** Whether whoever looks at it holds the lease. */
  readonly mine: boolean;
  readonly onSettled: () => void;
}

/** A third of the lease: whoever types keeps it, whoever leaves the page open and idle does not. */
const RENEW_MS = 5 * 60_000;

export type OperationWork = ReturnType<typeof useOperationWork>;

export function useOperationWork({ operation, draft, mine, onSettled }: OperationWorkProps) {
  const { t } = useSpeech();
  const [refusals, setRefusals] = useState<Readonly<Record<string, string>>>({});
  const path = `/customer-operations/${operation.id}`;
  const unsaved = Object.keys(draft).length > 0;
  const onError = (fault: Error): void => {
    setRefusals(refusalsIn(t, fault));
    notify({
      text: isProblem(fault, 'stale-decision') ? t.operations.notices.stale : faultText(t, fault),
      kind: 'bad',
    });
  };
  const tellResult = (answer: CustomerOperationDocument): void => {
    const why = answer.lastKnownError === null ? '' : ` ${knownErrorText(t, answer.lastKnownError)}`;
    if (answer.status === 'synchronized') notify({ text: t.operations.notices.synchronized });
    else notify({ text: `${t.operations.notices.notSynchronized}${why}`, kind: 'bad' });
  };
  const applyStored = async (): Promise<void> =>
    tellResult(await request<CustomerOperationDocument>('POST', `${path}/synchronize`));
  const edit = useChange(() => request('POST', `${path}/edit`));
  const release = useChange(() => request('DELETE', `${path}/edit`));
  // The page may be gone before this is answered, and who waits for the operation need not wait for the lease to lapse.
  const giveBack = (): void => {
    if (!mine) return;
    request('DELETE', `${path}/edit`, { outlivesPage: true }).then(readAgain, () => {});
  };
  const reset = useChange(async (name: string) =>
    request('PATCH', path, { body: { reset: [name] }, ifMatch: await currentEtag(path, operation) }),
  );
  const save = useChange(async (andSynchronize: boolean) => {
    const ifMatch = await currentEtag(path, operation);
    await request('PATCH', path, { body: { attributes: draft }, ifMatch });
    setRefusals({});
    onSettled();
    if (andSynchronize) await applyStored();
    else notify({ text: t.operations.notices.saved });
  });
  const synchronize = useChange(applyStored);
  const dismiss = useChange(async (reason: string) => {
    await request('POST', `${path}/dismiss`, { body: { reason } });
    notify({ text: t.operations.notices.dismissed });
  });
  useRenewal(unsaved, edit.mutate);
  const told = <Input>(change: { mutate: (input: Input, options: object) => void }, onSuccess?: () => void) => ({
    mutate: (input: Input) => change.mutate(input, { onError, ...(onSuccess && { onSuccess }) }),
  });
  return {
    busy: save.isPending || synchronize.isPending,
    refusals,
    edit: told(edit),
    release: told(release, () => {
      setRefusals({});
      onSettled();
    }),
    giveBack,
    reset: told(reset),
    save: told(save),
    synchronize: told(synchronize),
    dismiss: told(dismiss),
  };
}

/** What HQ says of single attributes stands beside them. */
function refusalsIn(t: PageTexts, fault: Error): Readonly<Record<string, string>> {
  if (!(fault instanceof ApiProblem)) return {};
  const { code, params, detail: whole, errors } = fault.problem;
  const found = errors?.flatMap(({ pointer, detail }) => {
    const [, name] = /^\/attributes\/(.+)$/.exec(pointer) ?? [];
    if (name === undefined) return [];
    const text = detail === whole ? describe(t, code, params, detail) : detail;
    return [[name.replaceAll('~1', '/').replaceAll('~0', '~'), text] as const];
  });
  return Object.fromEntries(found ?? []);
}

/**
 * Taking the operation into editing changes its ETag, so the one that was opened is out of date by our own doing. What
 * must not have moved is what was seen: the attributes as they were drawn.
 */
async function currentEtag(path: string, seen: CustomerOperationDocument): Promise<string> {
  const now = await queryClient.fetchQuery({
    queryKey: [path, ''],
    queryFn: () => request<CustomerOperationDocument>('GET', path),
    staleTime: 0,
  });
  const moved = JSON.stringify(now.attributes) !== JSON.stringify(seen.attributes);
  return (moved ? seen.etag : now.etag) ?? '*';
}

function useRenewal(unsaved: boolean, renew: (input: void) => void): void {
  useEffect(() => {
    if (!unsaved) return;
    const timer = window.setInterval(() => renew(), RENEW_MS);
    return () => window.clearInterval(timer);
  }, [unsaved, renew]);
}
