/** What else belongs to an error: records that could be the partner, and the records that a mapping's error holds back. */
import { Button } from '@fluentui/react-components';
import type { z } from 'zod';
import type {
  AffectedRecordSchema,
  SynchronizationErrorDocument,
} from '../../../http/schemas/synchronization-errors.ts';
import { PageLink } from '../../address/page-link.tsx';
import { useMay } from '../../api/me.ts';
import { useList } from '../../api/read.ts';
import { useSpeech } from '../../language/language.tsx';
import { Answered } from '../../parts/failed.tsx';
import { MoreButton } from '../../parts/more-button.tsx';
import { Section } from '../../parts/page-frame.tsx';
import { Time } from '../../parts/time.tsx';
import { keyText } from '../../parts/value-text.ts';
import type { Decision } from './act.ts';

interface CandidatesProps {
  readonly error: SynchronizationErrorDocument;
  readonly onAsk: (decision: Decision) => void;
}

export function Candidates({ error, onAsk }: CandidatesProps) {
  const { t, format } = useSpeech();
  const may = useMay();
  if (error.candidates.length === 0) return null;
  const allowed = may('operator') && error.allowedActions.includes('couple');
  return (
    <Section title={t.errors.candidates}>
      <table className="table table-cards">
        <tbody>
          {error.candidates.map((candidate) => (
            <tr key={`${candidate.side} ${keyText(candidate.key)}`}>
              <th scope="row">
                {candidate.description} <span className="quiet">{keyText(candidate.key)}</span>
              </th>
              <td>{candidate.side === 'hq' ? t.words.hq : error.channelName}</td>
              <td>{t.errors.matchedOn(format.list(candidate.matchedOn))}</td>
              <td>
                {allowed && (
                  <Button size="small" onClick={() => onAsk({ action: 'couple', key: candidate.key })}>
                    {t.errors.coupleWith}
                  </Button>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  );
}

type AffectedRecord = z.infer<typeof AffectedRecordSchema>;

export function AffectedRecords({ error }: { readonly error: SynchronizationErrorDocument }) {
  const { t } = useSpeech();
  const list = useList<AffectedRecord>(`/synchronization-errors/${error.id}/records`, new URLSearchParams());
  return (
    <Section title={t.errors.affected}>
      <Answered of={list}>
        {({ pages }) => (
          <>
            <ul className="plain-list">
              {pages
                .flatMap(({ items }) => items)
                .map((record) => (
                  <li key={`${record.side} ${keyText(record.key)}`}>
                    {record.couplingId === null ? (
                      record.description || keyText(record.key)
                    ) : (
                      <PageLink href={`/couplings/${record.couplingId}`}>
                        {record.description || keyText(record.key)}
                      </PageLink>
                    )}{' '}
                    <span className="quiet">
                      <Time at={record.since} />
                    </span>
                  </li>
                ))}
            </ul>
            <MoreButton list={list} />
          </>
        )}
      </Answered>
    </Section>
  );
}
