/** A decision that came too late: what has moved between the versions that were seen and those that are there now. */
import type { SynchronizationErrorDocument } from '../../../http/schemas/synchronization-errors.ts';
import { useSpeech } from '../../language/language.tsx';
import { Value } from '../../parts/value.tsx';
import { sameValue } from '../../parts/value-text.ts';

export interface Stale {
  readonly seen: SynchronizationErrorDocument;
  readonly now: SynchronizationErrorDocument;
  readonly resolved: boolean;
}

export interface Move {
  readonly field: string;
  readonly side: 'hq' | 'channel';
  readonly before: unknown;
  readonly now: unknown;
}

function movesOf({ seen, now }: Stale): readonly Move[] {
  return now.fields.flatMap((field) => {
    const before = seen.fields.find(({ name }) => name === field.name);
    return (['hq', 'channel'] as const).flatMap((side) =>
      before === undefined || sameValue(before[side], field[side])
        ? []
        : [{ field: field.name, side, before: before[side], now: field[side] }],
    );
  });
}

/** What a decision on the page rested on, when it is not what the records hold now. */
export const staleSince = (
  seen: SynchronizationErrorDocument | null,
  now: SynchronizationErrorDocument,
): Stale | null => {
  if (seen === null || seen.etag === now.etag || now.status === 'resolved') return null;
  const stale: Stale = { seen, now, resolved: false };
  return movesOf(stale).length === 0 ? null : stale;
};

export function StaleBanner({ stale }: { readonly stale: Stale }) {
  const { t } = useSpeech();
  const moves = movesOf(stale);
  return (
    <div className="banner banner-warning" role="alert">
      <strong>{stale.resolved ? t.errors.alreadyResolved : t.errors.stale}</strong>
      {!stale.resolved && <p>{t.errors.staleMore}</p>}
      {moves.length > 0 && <Moves of={moves} channelName={stale.now.channelName} />}
    </div>
  );
}

interface MovesProps {
  readonly of: readonly Move[];
  readonly channelName: string;
}

export function Moves({ of, channelName }: MovesProps) {
  const { t } = useSpeech();
  return (
    <table className="table">
      <thead>
        <tr>
          <th scope="col">{t.words.field}</th>
          <th scope="col">{t.words.old}</th>
          <th scope="col">{t.words.new}</th>
        </tr>
      </thead>
      <tbody>
        {of.map((move) => (
          <tr key={`${move.side} ${move.field}`}>
            <th scope="row">
              {move.field} ({move.side === 'hq' ? t.words.hq : channelName})
            </th>
            <td>
              <Value value={move.before} />
            </td>
            <td>
              <Value value={move.now} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
