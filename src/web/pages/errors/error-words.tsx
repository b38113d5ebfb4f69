/** Parts of an error that list and card share. */
import type { SynchronizationErrorDocument } from '../../../http/schemas/synchronization-errors.ts';
import { describe } from '../../language/describe.ts';
import type { PageTexts } from '../../language/en.ts';
import { useSpeech } from '../../language/language.tsx';
import { Mark, type Tone } from '../../parts/mark.tsx';
import { recordText } from '../../parts/value-text.ts';

type ErrorRecord = SynchronizationErrorDocument['hqRecord'];
type Kind = SynchronizationErrorDocument['kind'];

const TONES: Record<Kind, Tone> = { conflict: 'warn', deletion: 'quiet', failure: 'bad' };

export function KindMark({ kind }: { readonly kind: Kind }) {
  const { t } = useSpeech();
  return <Mark tone={TONES[kind]}>{t.kinds[kind]}</Mark>;
}

export const errorMessage = (
  t: PageTexts,
  error: Pick<SynchronizationErrorDocument, 'code' | 'params' | 'message'>,
): string => describe(t, error.code, error.params, error.message);

export const errorRecord = (record: ErrorRecord): string => recordText(record.description, record.key);

export const errorName = (error: SynchronizationErrorDocument): string =>
  errorRecord(error.hqRecord) || errorRecord(error.channelRecord) || error.mapping;
