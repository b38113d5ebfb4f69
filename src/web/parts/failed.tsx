/** What is shown instead of an answer: waiting, a failure with its remedy, nothing to show. */
import { Button, Spinner } from '@fluentui/react-components';
import { ErrorCircleRegular } from '@fluentui/react-icons/svg/error-circle';
import type { ReactNode } from 'react';
import { ApiProblem, Unreachable } from '../api/request.ts';
import { describe } from '../language/describe.ts';
import type { PageTexts } from '../language/en.ts';
import { useSpeech } from '../language/language.tsx';

export function faultText(t: PageTexts, fault: unknown): string {
  if (fault instanceof Unreachable) return t.state.unreachable;
  if (!(fault instanceof ApiProblem)) return fault instanceof Error ? fault.message : t.state.failed;
  if (fault.code === 'not-allowed') {
    const role = fault.problem.role ?? '';
    return t.state.notAllowed(Object.hasOwn(t.shell.roles, role) ? t.shell.roles[role as 'admin'] : role);
  }
  const { params, detail: whole, errors = [] } = fault.problem;
  // A place that says what the whole says already is not said again.
  const places = errors.filter(({ detail }) => detail !== whole);
  const told = places.map(({ pointer, detail }) => `${pointer} ${detail}`.trim());
  return [describe(t, fault.code, params, whole), ...told].join('; ');
}

export function Failed({ fault, onRetry }: { readonly fault: unknown; readonly onRetry?: () => void }) {
  const { t } = useSpeech();
  const gone = fault instanceof ApiProblem && fault.status === 404;
  return (
    <div className="failed" role="alert">
      <ErrorCircleRegular fontSize={32} aria-hidden />
      <p className="failed-title">{gone ? t.state.gone : t.state.failed}</p>
      <p className="quiet">{faultText(t, fault)}</p>
      {onRetry !== undefined && !gone && <Button onClick={onRetry}>{t.state.tryAgain}</Button>}
    </div>
  );
}

export function Waiting() {
  const { t } = useSpeech();
  return <Spinner className="waiting" size="small" label={t.state.loading} />;
}

export const Empty = ({ children }: { readonly children: ReactNode }) => <p className="empty">{children}</p>;

/** A part of the API that this Couplet does not have: nothing that somebody asked for has failed. */
export const isAbsent = (fault: Error | null): boolean => fault instanceof ApiProblem && fault.status === 404;

interface Asked<Answer> {
  readonly data: Answer | undefined;
  readonly error: Error | null;
  readonly refetch: () => Promise<unknown>;
}

/** An answer that was there stays while a later reading fails: the banner tells that it is old. */
export function Answered<Answer>({
  of,
  children,
  absent,
}: {
  readonly of: Asked<Answer>;
  readonly absent?: string;
  readonly children: (answer: Answer) => ReactNode;
}) {
  if (of.data !== undefined) return <>{children(of.data)}</>;
  if (absent !== undefined && isAbsent(of.error)) return <Empty>{absent}</Empty>;
  return of.error === null ? <Waiting /> : <Failed fault={of.error} onRetry={() => void of.refetch()} />;
}
