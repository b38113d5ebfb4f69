/** Carries a decision out and tells what became of it, with Undo where it can be taken back. */
import { useState } from 'react';
import { readAgain } from '../../api/read.ts';
import { request } from '../../api/request.ts';
import { describe } from '../../language/describe.ts';
import { useSpeech } from '../../language/language.tsx';
import { faultText } from '../../parts/failed.tsx';
import { notify } from '../../parts/notices.tsx';
import {
  actOnMany,
  actOnOne,
  canUndo,
  countResults,
  type Decision,
  type Target,
  UNDONE,
  undoResolution,
} from './act.ts';
import type { SynchronizationErrorDocument } from '../../../http/schemas/synchronization-errors.ts';

export function useAct(): (target: Target, decision: Decision) => Promise<SynchronizationErrorDocument | null> {
  const { t } = useSpeech();
  return async (target, decision) => {
    const action = t.actions[decision.action];
    if (target.kind === 'one') {
      const answer = await actOnOne(target.error, decision);
      const resolved = answer.status === 'resolved';
      const link = { href: `/errors/${answer.id}`, text: t.words.details };
      if (resolved) {
        const undo = canUndo(answer) ? { undo: () => thenReadAgain(undoResolution(answer)) } : {};
        notify({ text: t.actions.succeeded(action, 1), link, ...undo });
      } else {
        const why = describe(t, answer.code, answer.params, answer.message);
        notify({ text: `${t.actions.open(action)} ${why}`, kind: 'bad', link });
      }
      await readAgain();
      return answer;
    }
    const job = await actOnMany(target, decision);
    const link = { href: `/jobs/${job.id}`, text: t.words.details };
    if (job.finishedAt === null) notify({ text: t.actions.started(action, job.progress.total ?? 0), link });
    else {
      const { done, left } = await countResults(job);
      const undo = undoOfJob(decision, job.id);
      if (left === 0) notify({ text: t.actions.succeeded(action, done), link, ...undo });
      else notify({ text: t.actions.partly(action, done, left), kind: 'bad', link, ...undo });
    }
    await readAgain();
    return null;
  };
}

async function thenReadAgain(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } finally {
    await readAgain();
  }
}

function undoOfJob(decision: Decision, jobId: string): { undo?: () => Promise<unknown> } {
  if (!UNDONE.has(decision.action)) return {};
  return {
    undo: () => thenReadAgain(request('POST', '/synchronization-log/revert', { body: { jobId }, waitSeconds: 20 })),
  };
}

interface ActNow {
  readonly actNow: (target: Target, decision: Decision) => void;
  /** Under way: a second press would be a second try. */
  readonly busy: boolean;
}

/** For buttons that act at once: a fault becomes a notice. */
export function useActNow(): ActNow {
  const act = useAct();
  const { t } = useSpeech();
  const [busy, setBusy] = useState(false);
  return {
    busy,
    actNow: (target, decision) => {
      setBusy(true);
      act(target, decision)
        .catch((fault: unknown) => notify({ text: faultText(t, fault), kind: 'bad' }))
        .finally(() => setBusy(false));
    },
  };
}
