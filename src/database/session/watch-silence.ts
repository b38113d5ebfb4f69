/**
 * A server that says nothing any more: it stands still, or its machine or the way to it went without a word, and TCP would
 * wait a quarter of an hour, or for ever. Only the server can tell this from a statement that takes long, so it is asked.
 */
export interface SilenceWatch {
  /** A statement is sent. */
  asked(): void;
  /** It is answered, or has failed. */
  answered(): void;
}

export interface Silence {
  /** Whether the server is still at work on what was sent; aborted when it does not say so in time. */
  readonly isAtWork: (signal: AbortSignal) => Promise<boolean>;
  readonly giveUp: () => void;
}

/** One timer for all that is under way: an answer to one statement is a sign of life for those behind it. */
export function watchSilence(silenceMs: number, { isAtWork, giveUp }: Silence): SilenceWatch {
  let underWay = 0;
  let answers = 0;
  let timer: NodeJS.Timeout | null = null;
  const look = async (): Promise<void> => {
    if (underWay === 0) return;
    const before = answers;
    const isAlive = await isAtWork(AbortSignal.timeout(silenceMs)).catch(() => false);
    if (underWay === 0) return;
    if (isAlive || answers !== before) timer?.refresh();
    else giveUp();
  };
  return {
    asked() {
      underWay += 1;
      if (underWay > 1) return;
      timer ??= setTimeout(() => void look(), silenceMs).unref();
      timer.refresh();
    },
    answered() {
      underWay -= 1;
      answers += 1;
      if (underWay > 0) timer?.refresh();
    },
  };
}
