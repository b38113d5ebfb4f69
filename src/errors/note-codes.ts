/** Codes that need nobody: they tell in the log, and in the results of a match, why something was done or left. */
import type { CodeEntry } from './code-entry.ts';

const NOTE = { acts: 'nobody', reach: 'record', remedy: 'Nothing.', status: null } as const;

export const NOTE_CODES = {
  policy: {
    ...NOTE,
    meaning: 'Both apps had changed the value and the configured policy chose.',
    message: 'Both apps had changed it; the policy of the mapping chose',
  },
  'latest-wins': {
    ...NOTE,
    meaning: 'Both apps had changed the value and the later time of modification won. Clocks were compared.',
    message: 'Both apps had changed it; the later change won by the clocks of the apps',
  },
  'matched-on': {
    ...NOTE,
    meaning: 'The two records were coupled because they match.',
    message: 'The records match on {matchedOn}',
  },
  'replaced-alike': {
    ...NOTE,
    meaning: 'The record was deleted and created again with the same values; it stays coupled.',
    message: 'The record was deleted and created again[ in {side}] with the same values',
  },
  'partner-replaced': {
    ...NOTE,
    meaning: 'The record was coupled with another one, since its former partner was deleted.',
    message: 'The record was coupled with another one',
  },
  'key-given-again': {
    ...NOTE,
    meaning: 'The record was gone, and its store has given its key to another record; the coupling ended.',
    message: 'The record is gone[ in {side}] and its key was given to another record',
  },
  'both-deleted': {
    ...NOTE,
    meaning: 'The record was deleted in both apps.',
    message: 'The record was deleted in both apps',
  },
  'deleted-out-of-filter': {
    ...NOTE,
    meaning: 'The record was deleted while the pair was outside the filter of the mapping.',
    message: 'The record was deleted while it was outside the filter',
  },
  'replaced-while-other-gone': {
    ...NOTE,
    meaning: 'Neither of the two coupled records exists any more; what exists is a new one.',
    message: 'Neither coupled record exists any more; what exists is a new record',
  },
  'deletion-policy': {
    ...NOTE,
    meaning: 'A deletion ended the coupling, as configured.',
    message: 'The record was deleted[ in {deletedIn}]; the coupling ended as configured',
  },
  'left-uncoupled': {
    ...NOTE,
    meaning: 'Somebody decided that this record stays without a partner.',
    message: 'The record stays uncoupled',
  },
  'would-couple': {
    ...NOTE,
    meaning: 'A dry run: the records would be coupled.',
    message: 'The records would be coupled',
  },
  'would-create': {
    ...NOTE,
    meaning: 'A dry run: the record would be created in the other app.',
    message: 'The record would be created',
  },
  'job-due': {
    ...NOTE,
    remedy: 'Run the job that is named, or wait for its schedule.',
    meaning: 'The job has done its part; what it left, or could not see yet, waits for another commerce job.',
    message: 'Waiting[ in {channel}] for the job {nextJob}: {count}',
  },
  unmatched: { ...NOTE, meaning: 'No record of the other app matches.', message: 'No record matches' },
} as const satisfies Record<string, CodeEntry>;
