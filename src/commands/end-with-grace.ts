/** SIGTERM and Ctrl-C: an orderly end with exit code 0; a second signal ends at once. */
import closeWithGrace from 'close-with-grace';
import type { Logger } from 'pino';

/** Longer than a batch, a statement and the queue take to end; a container gives 30 seconds. */
const LONGEST_MS = 28_000;

/** Never returns: the process ends within. */
export function endWithGrace(log: Logger, end: () => Promise<void>): Promise<number> {
  closeWithGrace({ delay: LONGEST_MS, logger: false }, async ({ signal, err }) => {
    if (err) log.fatal({ fault: err.stack ?? err.message }, 'an unexpected fault: Couplet ends');
    else log.info({ signal }, 'finishing what is in hand');
    await end();
  });
  endWithShell();
  return new Promise(() => {});
}

/** As it was when the program began: by now it may be gone. */
const SHELL = process.ppid;
const LOOKED_AFTER_MS = 500;

/** npm runs a script in a shell, which may die of a signal without passing it on: then nobody else would end Couplet. */
function endWithShell(): void {
  if (!process.env['npm_lifecycle_script']?.includes('src/cli.ts')) return;
  const looking = setInterval(() => {
    if (process.ppid === SHELL) return;
    clearInterval(looking);
    process.kill(process.pid, 'SIGTERM');
  }, LOOKED_AFTER_MS);
  looking.unref();
}
