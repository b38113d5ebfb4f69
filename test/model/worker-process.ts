/**
 * A worker of Couplet in a process of its own, for tests that kill it. It does what it is told over the channel to its
 * parent; at a crash point that it was given it ends itself with `kill -9`, so that nothing of it is orderly.
 */
import type { LaneReport } from '../../src/engine/run-channel.ts';
import { runChannel } from '../../src/engine/run-channel.ts';
import { lanesOf } from '../../src/engine/site.ts';
import { compose, type Couplet } from '../../src/compose.ts';
import { createLogger } from '../../src/logging/create-logger.ts';
import type { ContinuousWork } from '../../src/jobs/work-continuously.ts';
import { CHANNEL, type Crash, type Policies, settingsOf, type StoreUrls } from './world.ts';

export interface Hire {
  readonly policies: Policies;
  readonly urls: StoreUrls;
  readonly databaseUrl: string;
}

export type Order =
  | { readonly do: 'hire'; readonly hire: Hire }
  | { readonly do: 'run'; readonly scope: 'modified' | 'full'; readonly crash: Crash | null }
  /** Works by itself from now on, as the product does. */
  | { readonly do: 'work' }
  | { readonly do: 'measure' };

export type Answer =
  | { readonly ready: true }
  | { readonly reports: readonly LaneReport[] }
  | { readonly fault: string }
  | { readonly residentBytes: number; readonly heapBytes: number };

let couplet: Couplet | null = null;
let work: ContinuousWork | null = null;
let crash: Crash | null = null;

const tell = (answer: Answer): void => void process.send?.(answer);

async function obey(order: Order): Promise<Answer> {
  if (order.do === 'measure') {
    globalThis.gc?.();
    const { rss, heapUsed } = process.memoryUsage();
    return { residentBytes: rss, heapBytes: heapUsed };
  }
  if (order.do === 'hire') {
    couplet = await compose({
      settings: settingsOf(order.hire.policies, order.hire.urls),
      databaseUrl: order.hire.databaseUrl,
      log: createLogger({ level: process.env['LOUD'] === '1' ? 'info' : 'silent', pretty: false }),
      migrate: false,
      reach: (point) => {
        if (crash?.point !== point) return;
        crash = { point, pass: crash.pass - 1 };
        if (crash.pass <= 0) process.kill(process.pid, 'SIGKILL');
      },
    });
    return { ready: true };
  }
  if (!couplet) throw new Error('nobody was hired');
  if (order.do === 'work') {
    work = await couplet.startWorker(await couplet.startQueue(), () => {});
    return { ready: true };
  }
  crash = order.crash;
  const reports = await runChannel(couplet.site, couplet.memory, CHANNEL, lanesOf(couplet.site, CHANNEL), {
    scope: order.scope,
    direction: 'both',
    fields: null,
    dryRun: false,
    trigger: 'manual',
    actor: 'anna',
    requestId: null,
    reason: null,
    jobId: null,
    children: false,
    waitForLaneMs: 20_000,
    stop: () => Promise.resolve(false),
  });
  crash = null;
  return { reports };
}

process.on('message', (order: Order) => {
  obey(order).then(tell, (fault: unknown) =>
    tell({ fault: fault instanceof Error ? (fault.stack ?? '') : String(fault) }),
  );
});
process.on('disconnect', () => {
  void work?.stop();
  process.exit(0);
});
