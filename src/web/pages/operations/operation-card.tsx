/** One customer operation: header, change description, attributes; Edit, Save, Synchronize, both at once, Dismiss. */
import { useState } from 'react';
import type { CustomerOperationDocument } from '../../../http/schemas/customer-operations.ts';
import { PageLink } from '../../address/page-link.tsx';
import { useMay, useMe } from '../../api/me.ts';
import { useRead } from '../../api/read.ts';
import { useSpeech } from '../../language/language.tsx';
import { Answered } from '../../parts/failed.tsx';
import { useLeaveQuestion } from '../../parts/leave-question.tsx';
import { Facts, PageFrame, Section } from '../../parts/page-frame.tsx';
import { useBack } from '../../parts/pager.tsx';
import { Time } from '../../parts/time.tsx';
import { plainValue } from '../../parts/value-text.ts';
import type { Draft } from './draft.ts';
import { Attributes } from './attributes.tsx';
import { OperationActions } from './operation-actions.tsx';
import { useOperationWork } from './use-operation-work.ts';
import { accountText, changeText, knownErrorText, operationName, OperationStatusMark } from './operation-words.tsx';

export function OperationCard({ id }: { readonly id: string }) {
  const { t } = useSpeech();
  const asked = useRead<CustomerOperationDocument>(`/customer-operations/${id}`);
  const back = useBack('/customer-operations', '/customer-operations', t.commerceNav.operations);
  if (asked.data === undefined)
    return (
      <PageFrame title={t.commerceNav.operations} back={back}>
        <Answered of={asked}>{() => null}</Answered>
      </PageFrame>
    );
  return <OpenOperation operation={asked.data} back={back} />;
}

interface OpenOperationProps {
  readonly operation: CustomerOperationDocument;
  readonly back: { readonly href: string; readonly text: string };
}

function OpenOperation({ operation, back }: OpenOperationProps) {
  const { t } = useSpeech();
  const { actor } = useMe();
  const may = useMay();
  const [draft, setDraft] = useState<Draft>({});
  // The lease says who edits: it outlives a reload, and what ends it elsewhere ends it here.
  const editing = operation.editing?.by === actor;
  const work = useOperationWork({ operation, draft, mine: editing, onSettled: () => setDraft({}) });
  const unsaved = Object.keys(draft).length > 0;
  const { askBefore, question } = useLeaveQuestion({ unsaved, onLeave: work.giveBack });
  const stop = (): void => askBefore(() => work.release.mutate(undefined));
  return (
    <PageFrame
      title={accountText(t, operation)}
      back={back}
      over={`${operation.channelName} · ${operationName(t, operation)}`}
      actions={<OperationActions operation={operation} unsaved={unsaved} editing={editing} work={work} onStop={stop} />}
    >
      {question}
      <Header operation={operation} mine={editing} />
      <Section title={t.operations.changeDescription}>
        <p className="value">{changeText(t, operation)}</p>
        {operation.raw !== null && (
          <pre className="raw" tabIndex={0} aria-label={t.operations.raw}>
            {JSON.stringify(operation.raw, null, 2)}
          </pre>
        )}
      </Section>
      <Section title={t.operations.attributes}>
        {unsaved && <p className="banner banner-warning">{t.operations.unsaved}</p>}
        <Attributes
          operation={operation}
          editing={editing}
          draft={draft}
          refusals={work.refusals}
          onDraft={setDraft}
          onReset={may('operator') && operation.allowedActions.includes('save') ? work.reset.mutate : null}
        />
      </Section>
      <Past operation={operation} />
    </PageFrame>
  );
}

function Header({ operation, mine }: { readonly operation: CustomerOperationDocument; readonly mine: boolean }) {
  const { t, format } = useSpeech();
  const { lastKnownError, editing, dismissal } = operation;
  return (
    <section className="section stack">
      {editing !== null && (
        <p className="banner banner-warning">
          {mine
            ? t.operations.yourEditing(format.clock(Date.parse(editing.until)))
            : t.operations.editingBy(editing.by, format.clock(Date.parse(editing.until)))}
        </p>
      )}
      {dismissal != null && (
        <p className="banner">{t.operations.dismissedBy(dismissal.actor ?? '–', dismissal.reason ?? '–')}</p>
      )}
      <Facts
        of={[
          { name: t.operations.customerAccount, value: accountText(t, operation) },
          { name: t.operations.asyncOperation, value: operationName(t, operation) },
          { name: t.operations.status, value: <OperationStatusMark status={operation.status} /> },
          ...(operation.outcome == null
            ? []
            : [{ name: t.operations.outcome, value: t.operations.outcomes[operation.outcome] }]),
          {
            name: t.operations.lastKnownError,
            value: lastKnownError === null ? '–' : knownErrorText(t, lastKnownError),
          },
          { name: t.operations.asyncCustomerAccount, value: operation.asyncCustomerAccount ?? '–' },
          { name: t.operations.timestamp, value: <Time at={operation.operationTimestamp} /> },
          { name: t.operations.attempts, value: format.number(operation.attempts) },
          ...(operation.createdBy === null ? [] : [{ name: t.words.actor, value: operation.createdBy }]),
        ]}
      />
      <p>
        {operation.nextStep !== null && <span>{t.operations.nextSteps[operation.nextStep]} </span>}
        {operation.blockedBy !== null && (
          <PageLink href={`/customer-operations/${operation.blockedBy}`}>{t.operations.blockedBy}</PageLink>
        )}{' '}
        {operation.errorId !== null && (
          <PageLink href={`/errors/${operation.errorId}`}>{t.operations.openConflict}</PageLink>
        )}{' '}
        {operation.couplingId !== null && (
          <PageLink href={`/couplings/${operation.couplingId}`}>{t.errors.coupling}</PageLink>
        )}
      </p>
    </section>
  );
}

function Past({ operation }: { readonly operation: CustomerOperationDocument }) {
  const { t } = useSpeech();
  return (
    <>
      {operation.edits.length > 0 && (
        <Section title={t.operations.edits}>
          <ul className="plain-list">
            {operation.edits.map((edit, at) => (
              <li key={at}>
                <Time at={edit.at} />{' '}
                {t.operations.editEntry(
                  edit.actor ?? '–',
                  edit.name,
                  plainValue(edit.old) || t.words.emptyValue,
                  plainValue(edit.new) || t.words.emptyValue,
                )}
              </li>
            ))}
          </ul>
        </Section>
      )}
      {operation.history.length > 0 && (
        <Section title={t.operations.history}>
          <ul className="plain-list">
            {operation.history.map((step, at) => (
              <li key={at}>
                <Time at={step.at} />{' '}
                {Object.hasOwn(t.operations.statuses, step.status)
                  ? t.operations.statuses[step.status as 'failed']
                  : step.status}{' '}
                {step.jobId !== null && <PageLink href={`/jobs/${step.jobId}`}>{t.words.job}</PageLink>}
              </li>
            ))}
          </ul>
        </Section>
      )}
    </>
  );
}
