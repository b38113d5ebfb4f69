/** Parts of a coupling that list and card share. */
import type { CouplingDocument } from '../../../http/schemas/couplings.ts';
import { useSpeech } from '../../language/language.tsx';
import { Mark, type Tone } from '../../parts/mark.tsx';
import { recordText } from '../../parts/value-text.ts';

const TONES: Record<CouplingDocument['status'], Tone> = {
  synchronized: 'good',
  pending: 'busy',
  conflict: 'warn',
  deletion: 'warn',
  failure: 'bad',
  outOfFilter: 'quiet',
  neverSynchronized: 'busy',
  ended: 'quiet',
};

export function CouplingStatus({ coupling }: { readonly coupling: Pick<CouplingDocument, 'status' | 'reason'> }) {
  const { t } = useSpeech();
  return (
    <>
      <Mark tone={TONES[coupling.status]}>{t.couplings.statuses[coupling.status]}</Mark>
      {coupling.reason !== null && <span className="quiet"> · {t.couplings.reasons[coupling.reason]}</span>}
    </>
  );
}

export const hqText = (coupling: CouplingDocument): string => recordText(coupling.hqDescription, coupling.hqKey);
export const channelText = (coupling: CouplingDocument): string =>
  recordText(coupling.channelDescription, coupling.channelKey);
