/** Parts of a mapping that several pages share. */
import type { MappingDocument } from '../../../http/schemas/mappings.ts';
import type { PageTexts } from '../../language/en.ts';
import { useSpeech } from '../../language/language.tsx';
import { Mark, type Tone } from '../../parts/mark.tsx';

type State = MappingDocument['state'];

const TONES: Record<State, Tone> = {
  running: 'good',
  paused: 'warn',
  disabled: 'quiet',
  awaitingFirstRun: 'warn',
  storeUnreachable: 'bad',
  setupProblem: 'bad',
  stopped: 'bad',
  notConfigured: 'quiet',
};

export function MappingState({ state }: { readonly state: State }) {
  const { t } = useSpeech();
  return <Mark tone={TONES[state]}>{t.mappings.states[state]}</Mark>;
}

export const scheduleText = (t: PageTexts, schedule: string): string => {
  if (schedule === 'continuous' || schedule === 'manual') return t.mappings.schedules[schedule];
  return schedule.startsWith('every ') ? t.mappings.every(schedule.slice(6)) : schedule;
};

export const openErrorsOf = (mapping: MappingDocument): number =>
  mapping.channels.reduce(
    (sum, { openErrors }) => sum + Object.values(openErrors).reduce((one, count) => one + count, 0),
    0,
  );

export const couplingsOf = (mapping: MappingDocument): number =>
  mapping.channels.reduce(
    (sum, { couplings }) => sum + Object.values(couplings).reduce((one, count) => one + count, 0),
    0,
  );
