/** One customer operation: header, change description, attributes; Edit, Save, Synchronize, both at once, Dismiss. */
import { useState } from 'react';
import type { OperationDetail } from '../../api/commerce.ts';
import { PageLink } from '../../address/page-link.tsx';
import { useRead } from '../../api/read.ts';
import { useSpeech } from '../../language/language.tsx';
import { Answered } from '../../parts/failed.tsx';
import { Facts, PageFrame, Section } from '../../parts/page-frame.tsx';
import { useBack } from '../../parts/pager.tsx';
import { Time } from '../../parts/time.tsx';
import { plainValue } from '../../parts/value-text.ts';
import type { Draft } from './draft.ts';
import { Attributes } from './attributes.tsx';
import { OperationActions } from './operation-actions.tsx';
import { accountText, changeText, knownErrorText, OperationStatusMark } from './operation-words.tsx';

export function OperationCard({ id }: { readonly id: string }) {
  const { t } = useSpeech();
  const asked = useRead<OperationDetail>(`/customer-operations/${id}`);
  const operation = asked.data;
  const [draft, setDraft] = useState<Draft>({});
  const [editing, setEditing] = useState(false);
  const back = useBack('/customer-operations', '/customer-operations', t.commerceNav.operations);
  return (
    <PageFrame
      title={operation === undefined ? t.commerceNav.operations : accountText(t, operation)}
      back={back}
      over={operation && `${operation.channelName} · ${t.operations.operationNames[operation.operation]}`}
      actions={
        operation && (
          <OperationActions
            operation={operation}
            draft={draft}
            editing={editing}
            onEditing={setEditing}
            onSettled={() => setDraft({})}
          />
        )
      }
    >
      <Answered of={asked}>
        {(answer) => (
          <>
            <Header operation={answer} />
            <Section title={t.operations.changeDescription}>
              <p className="value">{changeText(t, answer)}</p>
              {answer.raw != null && (
                <pre className="raw" tabIndex={0} aria-label={t.operations.raw}>
                  {JSON.stringify(answer.raw, null, 2)}
                </pre>
              )}
            </Section>
            <Section title={t.operations.attributes}>
              {Object.keys(draft).length > 0 && <p className="banner banner-warning">{t.operations.unsaved}</p>}
              <Attributes operation={answer} editing={editing} draft={draft} onDraft={setDraft} />
            </Section>
            <Past operation={answer} />
          </>
        )}
      </Answered>
    </PageFrame>
  );
}

function Header({ operation }: { readonly operation: OperationDetail }) {
  const { t, format } = useSpeech();
  const { lastKnownError, editing, dismissal } = operation;
  return (
    <section className="section stack">
      {editing !== null && (
        <p className="banner banner-warning">{t.operations.editingBy(editing.by, format.dateTime(editing.until))}</p>
      )}
      {dismissal != null && (
        <p className="banner">{t.operations.dismissedBy(dismissal.actor ?? '–', dismissal.reason ?? '–')}</p>
      )}
      <Facts
        of={[
          { name: t.operations.customerAccount, value: accountText(t, operation) },
          { name: t.operations.asyncOperation, value: t.operations.operationNames[operation.operation] },
          { name: t.operations.status, value: <OperationStatusMark status={operation.status} /> },
          {
            name: t.operations.lastKnownError,
            value: lastKnownError === null ? '–' : knownErrorText(t, lastKnownError),
          },
          { name: t.operations.asyncCustomerAccount, value: operation.asyncCustomerAccount },
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

function Past({ operation }: { readonly operation: OperationDetail }) {
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
