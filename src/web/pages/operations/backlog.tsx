/** What the channels still hold, and what fails most. */
import { addressOf } from '../../address/address.ts';
import { PageLink } from '../../address/page-link.tsx';
import type { OperationSummaryDocument } from '../../../http/schemas/customer-operations.ts';
import { useRead } from '../../api/read.ts';
import { describe } from '../../language/describe.ts';
import { useSpeech } from '../../language/language.tsx';

const REFRESH_MS = 15_000;

export function Backlog() {
  const { t, format } = useSpeech();
  const { data } = useRead<OperationSummaryDocument>('/customer-operations/summary', {}, { refetchMs: REFRESH_MS });
  if (data === undefined) return null;
  return (
    <div className="backlog">
      <ul className="legend" aria-label={t.operations.backlog}>
        {data.channels.map(({ channel, name, waiting }) => (
          <li key={channel}>
            <PageLink href={addressOf('/customer-operations', { channel, status: 'waiting' })}>
              {waiting.count === null ? t.operations.backlogUnknown(name) : t.operations.backlogOf(name, waiting.count)}
            </PageLink>
            {waiting.oldestAt !== null && (
              <span className="quiet">{t.operations.oldest(format.ago(waiting.oldestAt))}</span>
            )}
          </li>
        ))}
      </ul>
      {data.failures.length > 0 && (
        <ul className="legend" aria-label={t.operations.failures}>
          {data.failures.slice(0, 5).map(({ code, params, count, message }) => (
            <li key={code}>
              <PageLink href={addressOf('/customer-operations', { code, status: 'failed' })}>
                {withoutStop(describe(t, code, params ?? {}, message))}: {format.number(count)}
              </PageLink>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

/** What ends a sentence has no place before a colon. */
const withoutStop = (sentence: string): string => sentence.replace(/\.$/, '');
