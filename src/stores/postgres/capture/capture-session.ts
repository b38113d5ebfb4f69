/**
 * The session on which marks are read and waited for: it listens for wake-ups and, while its reader sleeps, holds the
 * lock that says so. Opened when first needed, and again after it was lost.
 */
import { WAKE_CHANNEL } from '../install/capture-sql.ts';
import type { Connection, DedicatedSession } from '../session/connection.ts';

export interface CaptureSession {
  use<T>(work: (session: DedicatedSession) => Promise<T>): Promise<T>;
  /** Calls back at every NOTIFY, and when the session is lost; the function returned ends that. */
  onWake(listener: () => void): () => void;
  close(): Promise<void>;
}

export function openCaptureSession(connection: Connection): CaptureSession {
  const listeners = new Set<() => void>();
  let opened: Promise<DedicatedSession> | null = null;
  const wake = (): void => {
    for (const listener of [...listeners]) listener();
  };

  const open = async (): Promise<DedicatedSession> => {
    const session = await connection.openSession(wake);
    try {
      // The table of marks is emptied and filled all the time. With statistics from its fuller days a look for new
      // marks would be planned as a walk through all of it. And planning each such look takes longer than the look.
      await Promise.all([
        session.once('set enable_seqscan = off'),
        session.once('set plan_cache_mode = force_generic_plan'),
        session.once(`listen ${WAKE_CHANNEL}`),
      ]);
    } catch (error) {
      await session.close();
      throw error;
    }
    return session;
  };
  const current = async (): Promise<DedicatedSession> => {
    for (;;) {
      const mine = (opened ??= open());
      try {
        const session = await mine;
        if (!session.gone.aborted) {
          session.gone.addEventListener('abort', wake, { once: true });
          return session;
        }
      } catch (error) {
        if (opened === mine) opened = null;
        throw error;
      }
      if (opened === mine) opened = null;
    }
  };
  return {
    use: async (work) => work(await current()),
    onWake: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: async () => {
      const session = await opened?.catch(() => null);
      opened = null;
      wake();
      await session?.close();
    },
  };
}
