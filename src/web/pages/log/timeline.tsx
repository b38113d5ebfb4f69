/** Entries of the log, newest first, with old and new values, and Undo where a step can be taken back. */
import { Button } from '@fluentui/react-components';
import { ArrowUndoRegular } from '@fluentui/react-icons/svg/arrow-undo';
import { Suspense, useState } from 'react';
import type { LogEntryDocument } from '../../../http/schemas/synchronization-log.ts';
import { PageLink } from '../../address/page-link.tsx';
import { useMay } from '../../api/me.ts';
import { describe, describeEntry } from '../../language/describe.ts';
import { useSpeech } from '../../language/language.tsx';
import { CardTable } from '../../parts/card-table.tsx';
import { Facts } from '../../parts/page-frame.tsx';
import { Ago, Time } from '../../parts/time.tsx';
import { ComparedValue, Value } from '../../parts/value.tsx';
import { keyText } from '../../parts/value-text.ts';
import { useNames } from '../use-names.ts';
import { lazyPart } from '../../parts/lazy-part.ts';

const RevertDialog = lazyPart(async () => (await import('./revert-dialog.tsx')).RevertDialog);

export function Timeline({ entries }: { readonly entries: readonly LogEntryDocument[] }) {
  const [reverting, setReverting] = useState<LogEntryDocument | null>(null);
  return (
    <>
      <ol className="timeline">
        {entries.map((entry) => (
          <Entry key={entry.id} entry={entry} onRevert={() => setReverting(entry)} />
        ))}
      </ol>
      {reverting !== null && (
        <Suspense fallback={null}>
          <RevertDialog entry={reverting} onClose={() => setReverting(null)} />
        </Suspense>
      )}
    </>
  );
}

const BAD: ReadonlySet<LogEntryDocument['action']> = new Set(['conflict', 'deletion', 'failed', 'deleted']);
const QUIET: ReadonlySet<LogEntryDocument['action']> = new Set(['coupled', 'uncoupled', 'resolved']);

function Entry({ entry, onRevert }: { readonly entry: LogEntryDocument; readonly onRevert: () => void }) {
  const { t } = useSpeech();
  const may = useMay();
  const tone = BAD.has(entry.action) ? ' timeline-dot-bad' : QUIET.has(entry.action) ? ' timeline-dot-quiet' : '';
  return (
    <li className="timeline-entry">
      <div className="timeline-time">
        <Time at={entry.at} />
        <div>
          <Ago at={entry.at} />
        </div>
      </div>
      <div className="timeline-rail" aria-hidden>
        <span className={`timeline-dot${tone}`} />
      </div>
      <div className="timeline-card">
        <div className="timeline-head">
          <span className="timeline-title">{describeEntry(t, entry)}</span>
          <RecordOf entry={entry} />
          {entry.revertible && entry.revertedBy === null && may('operator') && (
            <Button
              size="small"
              appearance="subtle"
              icon={<ArrowUndoRegular />}
              className="timeline-undo"
              onClick={onRevert}
            >
              {t.log.revert}
            </Button>
          )}
        </div>
        <EntryOrigin entry={entry} />
        {entry.changes.length > 0 && <Changes entry={entry} />}
      </div>
    </li>
  );
}

function RecordOf({ entry }: { readonly entry: LogEntryDocument }) {
  const names = useNames();
  const keys = [keyText(entry.hqKey), keyText(entry.channelKey)].filter((text) => text !== '').join(' ↔ ');
  const text = `${names.mapping(entry.mapping)} ${keys}`;
  return entry.couplingId === null ? (
    <span>{text}</span>
  ) : (
    <PageLink href={`/couplings/${entry.couplingId}`}>{text}</PageLink>
  );
}

function EntryOrigin({ entry }: { readonly entry: LogEntryDocument }) {
  const { t } = useSpeech();
  const noted =
    entry.code !== null && (entry.action === 'modified' || entry.action === 'coupled' || entry.action === 'uncoupled');
  const parts = [
    entry.channelName,
    t.log.causes[entry.cause],
    entry.actor !== null && t.log.byHand(entry.actor),
    entry.changedBy !== null && t.words.changedBy(entry.changedBy),
    noted && describe(t, entry.code, entry.params, ''),
    entry.reason,
    entry.reverts !== null && t.log.reverts,
    entry.revertedBy !== null && t.log.revertedBy,
  ].filter((part): part is string => typeof part === 'string' && part !== '');
  return (
    <p className="timeline-meta">
      {parts.join(' · ')}
      {entry.jobId !== null && (
        <>
          {' · '}
          <PageLink href={`/jobs/${entry.jobId}`}>{t.words.job}</PageLink>
        </>
      )}
      {entry.errorId !== null && (
        <>
          {' · '}
          <PageLink href={`/errors/${entry.errorId}`}>{t.words.details}</PageLink>
        </>
      )}
    </p>
  );
}

/** What is created or deleted has one value per field, what is changed has two. */
function Changes({ entry }: { readonly entry: LogEntryDocument }) {
  if (entry.changes.every((change) => change.old === null))
    return <Facts of={entry.changes.map(({ field, new: now }) => ({ name: field, value: <Value value={now} /> }))} />;
  if (entry.changes.every((change) => change.new === null))
    return (
      <Facts
        of={entry.changes.map(({ field, old }) => ({
          name: field,
          value: (
            <del>
              <Value value={old} />
            </del>
          ),
        }))}
      />
    );
  return <ChangedFields entry={entry} />;
}

function ChangedFields({ entry }: { readonly entry: LogEntryDocument }) {
  const { t } = useSpeech();
  const sides = new Set(entry.changes.map(({ side }) => side));
  return (
    <CardTable columns={[t.words.field, t.words.old, t.words.new]} className="log-changes">
      {entry.changes.map((change) => (
        <tr key={`${change.side} ${change.field}`}>
          <th scope="row">
            {change.field}
            {sides.size > 1 && <span className="quiet"> ({t.words.sides[change.side]})</span>}
          </th>
          <td data-label={t.words.old}>
            <Value value={change.old} />
          </td>
          <td data-label={t.words.new}>
            <ComparedValue before={change.old} after={change.new} />
          </td>
        </tr>
      ))}
    </CardTable>
  );
}
