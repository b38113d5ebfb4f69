/** What `start` and `demo` run: API and page, schedules, workers, upkeep; and how all of it comes to an orderly end. */
import type { FastifyInstance } from 'fastify';
import type { Couplet } from '../compose.ts';
import { refusalToListen } from '../compose.ts';
import type { Settings } from '../config/settings.ts';
import { CommandFailed, EXIT } from './exit.ts';
import { keepHouse } from './keep-house.ts';
import { type StoreWatch, watchStores } from './watch-stores.ts';
import type { ProcessRole } from './words.ts';

export interface ServeOptions {
  readonly host: string;
  readonly port: number;
  readonly role: ProcessRole;
  readonly install: boolean;
  readonly pageFolder: string | null;
  /** How to name the command in messages. */
  readonly command: string;
}

export interface Serving {
  /** Null: this process listens nowhere. */
  readonly address: string | null;
  /** Finishes or gives back what is in hand. */
  stop(): Promise<void>;
}

export function refuseUnsafeListening(settings: Settings, { host, role }: Pick<ServeOptions, 'host' | 'role'>): void {
  const refusal = role === 'worker' ? null : refusalToListen(host, settings.auth);
  if (refusal !== null) throw new CommandFailed(EXIT.usage, refusal);
}

export async function serve(couplet: Couplet, options: ServeOptions): Promise<Serving> {
  const { log, settings } = couplet;
  const { role, install, pageFolder } = options;
  const queue = await couplet.startQueue();
  const ends: (() => Promise<unknown>)[] = [() => queue.stop()];
  const firstLook = Promise.withResolvers<void>();
  ends.push(async () => firstLook.resolve());
  let stopping = false;
  const stop = async (): Promise<void> => {
    stopping = true;
    // All at once: a request that waits for a job ends when the job does.
    await Promise.allSettled(ends.map((end) => end()));
  };
  try {
    let address: string | null = null;
    if (role !== 'worker') {
      const server = await couplet.buildServer({
        jobs: queue,
        auth: settings.auth,
        log,
        pageFolder,
        ...(role === 'all' && { firstLook: firstLook.promise }),
      });
      ends.push(() => server.close());
      address = await listen(server, options);
    }
    const watch = watchStores(couplet, { install: install && role !== 'api', log, onFirstLook: firstLook.resolve });
    ends.push(() => watch.stop());
    // Without waiting: a store that does not answer must not keep the others from being worked.
    if (role !== 'api') beginWork(couplet, queue, watch, ends, () => stopping);
    return { address, stop };
  } catch (fault) {
    await stop();
    throw fault;
  }
}

type Queue = Awaited<ReturnType<Couplet['startQueue']>>;

function beginWork(
  couplet: Couplet,
  queue: Queue,
  watch: StoreWatch,
  ends: (() => Promise<unknown>)[],
  isStopping: () => boolean,
): void {
  const begin = async (): Promise<void> => {
    await watch.begin();
    if (isStopping()) return;
    const work = await couplet.startWorker(queue, (report) => watch.report(report));
    ends.push(() => work.stop(), keepHouse(couplet));
    if (isStopping()) await work.stop();
  };
  begin().catch((fault: unknown) => {
    if (isStopping()) return;
    // A server that answers and does no work would look well: it ends, and whoever watches it starts it again.
    queueMicrotask(() => {
      throw fault;
    });
  });
}

async function listen(server: FastifyInstance, { host, port, command }: ServeOptions): Promise<string> {
  try {
    return await server.listen({ host, port, listenTextResolver: (address) => `listening at ${address}` });
  } catch (fault) {
    throw explainListening(fault, host, port, command);
  }
}

export function explainListening(fault: unknown, host: string, port: number, command: string): unknown {
  const code = fault instanceof Error && 'code' in fault ? String(fault.code) : '';
  if (code === 'EADDRINUSE') {
    return new CommandFailed(
      EXIT.failed,
      `Port ${port} on ${host} is in use. Choose another: ${command} --port ${port + 1}`,
    );
  }
  if (code === 'EACCES') {
    return new CommandFailed(
      EXIT.failed,
      `Port ${port} may not be used by this user. Choose another: ${command} --port 4870`,
    );
  }
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
    return new CommandFailed(EXIT.usage, `${host} is no address of this machine; see --host.`);
  }
  return fault;
}
