/** What somebody is about to decide on an open error, and what moved between their seeing it and now. */
import { useState } from 'react';
import type { SynchronizationErrorDocument } from '../../../http/schemas/synchronization-errors.ts';
import { queryClient } from '../../api/read.ts';
import type { ApiProblem } from '../../api/request.ts';
import type { Decision } from './act.ts';
import { type Choices, NO_CHOICES } from './compare.tsx';
import { type Stale, staleSince } from './stale.tsx';

export function useDecision(error: SynchronizationErrorDocument) {
  const [choices, setChoices] = useState<Choices>(NO_CHOICES);
  const [asking, setAsking] = useState<Decision | null>(null);
  const [refused, setRefused] = useState<Stale | null>(null);
  // The card follows the records while somebody decides; what they had before them when they chose stays known.
  const [seen, setSeen] = useState<SynchronizationErrorDocument | null>(null);
  return {
    choices,
    asking,
    setAsking,
    stale: refused ?? staleSince(seen, error),
    choose: (next: Choices): void => {
      setChoices(next);
      setSeen(error);
      setRefused(null);
    },
    start: (): void => setSeen(null),
    refuse: (problem: ApiProblem): void => {
      const fresh = problem.problem.error;
      if (fresh === undefined) return;
      setAsking(null);
      setRefused({ seen: error, now: fresh, resolved: fresh.status === 'resolved' });
      queryClient.setQueryData([`/synchronization-errors/${error.id}`, ''], fresh);
    },
    done: (): void => {
      setAsking(null);
      setRefused(null);
      setSeen(null);
      setChoices(NO_CHOICES);
    },
  };
}
