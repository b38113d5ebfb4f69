/**
 * A worker of Couplet in a process of its own, for tests that kill it. It does what it is told over the channel to its
 * parent; at a crash point that it was given it ends itself with `kill -9`, so that nothing of it is orderly.
 */
import type { LaneReport } from '../../src/engine/run/lane-run.ts';
import { runChannel } from '../../src/engine/run/run-channel.ts';
import { lanesOf } from '../../src/engine/lane/site.ts';
import { siteOf } from '../../src/compose/compose-stores.ts';
import type { Settings } from '../../src/config/settings.ts';
import { CouplingDatabaseUnreachable } from '../../src/errors/coupling-database-faults.ts';
import { openCouplingDatabase } from '../../src/database/open-coupling-database.ts';
import type { EngineSurroundings } from '../../src/engine/lane/lane-context.ts';
import { emptyMemory } from '../../src/engine/lane/lane-memory.ts';
import type { Site } from '../../src/engine/lane/site.ts';
import { createLogger } from '../../src/logging/create-logger.ts';
import type { ContinuousWork } from '../../src/jobs/work-continuously.ts';
import type { Crash } from './world.ts';

export interface Hire {
  readonly settings: Settings;
  readonly databaseUrl: string;
  readonly channel: string;
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
  /** `away`: it was the coupling database that did not answer. */
  | { readonly fault: string; readonly away: boolean }
  | { readonly residentBytes: number; readonly heapBytes: number };

const memory = emptyMemory();
let hired: Hire | null = null;
let site: Site | null = null;
let work: ContinuousWork | null = null;
let crash: Crash | null = null;

const log = createLogger({ level: process.env['LOUD'] === '1' ? 'info' : 'silent', pretty: false });
const reach: EngineSurroundings['reach'] = (point) => {
  if (crash?.point !== point) return;
  crash = { point, pass: crash.pass - 1 };
  if (crash.pass <= 0) process.kill(process.pid, 'SIGKILL');
};

const tell = (answer: Answer): void => void process.send?.(answer);

async function obey(order: Order): Promise<Answer> {
  if (order.do === 'measure') {
    globalThis.gc?.();
    const { rss, heapUsed } = process.memoryUsage();
    return { residentBytes: rss, heapBytes: heapUsed };
  }
  if (order.do === 'hire') {
    hired = order.hire;
    const { settings, databaseUrl } = hired;
    // Not all that the product is made of: whoever is killed a thousand times must be there soon.
    site = siteOf({ settings, log, reach }, await openCouplingDatabase({ url: databaseUrl, migrate: false }));
    return { ready: true };
  }
  if (!site || !hired) throw new Error('nobody was hired');
  if (order.do === 'work') {
    const { compose } = await import('../../src/compose.ts');
    const { settings, databaseUrl } = hired;
    // So that whoever is killed may have had a share.
    const sharing = { least: 6, stretch: 3 };
    const couplet = await compose({ settings, databaseUrl, log, migrate: false, sharing });
    work = await couplet.startWorker(await couplet.startQueue(), () => {});
    return { ready: true };
  }
  crash = order.crash;
  const reports = await runChannel(site, memory, hired.channel, lanesOf(site, hired.channel), {
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
    tell({
      fault: fault instanceof Error ? (fault.stack ?? '') : String(fault),
      away: fault instanceof CouplingDatabaseUnreachable,
    }),
  );
});
process.on('disconnect', () => {
  void work?.stop();
  process.exit(0);
});
