/** Pairs of each mapping by status: a bar of shares and the numbers. */
import type { OverviewDocument } from '../../../http/schemas/stores.ts';
import { addressOf } from '../../address/address.ts';
import { PageLink } from '../../address/page-link.tsx';
import { useSpeech } from '../../language/language.tsx';
import { CardTable } from '../../parts/card-table.tsx';

type Couplings = OverviewDocument['couplings'];
type Status = keyof Couplings[number]['statuses'];

const TONES: Record<Status, 'good' | 'busy' | 'bad' | 'quiet'> = {
  synchronized: 'good',
  pending: 'busy',
  conflict: 'bad',
  deletion: 'bad',
  failure: 'bad',
  outOfFilter: 'quiet',
  neverSynchronized: 'busy',
  ended: 'quiet',
};

export function Pairs({ couplings }: { readonly couplings: Couplings }) {
  const { t, format } = useSpeech();
  return (
    <CardTable columns={[t.words.mapping, { number: t.overview.total }, t.words.status]}>
      {couplings.map(({ mapping, label, statuses }) => {
        const counted = Object.entries(statuses) as [Status, number][];
        const total = counted.reduce((sum, [, count]) => sum + count, 0);
        return (
          <tr key={mapping}>
            <th scope="row">
              <PageLink href={addressOf('/couplings', { mapping })}>{label}</PageLink>
            </th>
            <td className="number" data-label={t.overview.total}>
              {format.number(total)}
            </td>
            <td data-label={t.words.status}>
              <div className="share-bar" aria-hidden>
                {counted.map(([status, count]) => (
                  <span key={status} className={`share share-${TONES[status]}`} style={{ flexGrow: count }} />
                ))}
              </div>
              <ul className="legend">
                {counted.map(([status, count]) => (
                  <li key={status}>
                    <PageLink href={addressOf('/couplings', { mapping, status })}>
                      {t.couplings.statuses[status]}: {format.number(count)}
                    </PageLink>
                  </li>
                ))}
              </ul>
            </td>
          </tr>
        );
      })}
    </CardTable>
  );
}
