import { createServer, connect, type Socket } from 'node:net';
import { once } from 'node:events';

/** A wire between two processes, which can be cut: what is sent then neither arrives nor is refused. */
export interface TcpProxy extends AsyncDisposable {
  readonly port: number;
  /** Connections stay open on both ends and carry nothing; new ones are taken and get no answer. */
  cut(): void;
  /** Carries on where it was cut. */
  mend(): void;
  /** Every connection is reset. */
  sever(): void;
}

export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  const ends = new Set<Socket>();
  let isCut = false;
  const server = createServer((near) => {
    const far = connect(targetPort, '127.0.0.1');
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.setNoDelay(true);
      ends.add(from);
      from.on('data', (bytes) => {
        if (!to.write(bytes)) {
          from.pause();
          to.once('drain', () => {
            if (!isCut) from.resume();
          });
        }
      });
      from.on('error', () => to.destroy());
      from.on('end', () => to.end());
      from.on('close', () => {
        ends.delete(from);
        to.destroy();
      });
    }
    if (isCut) for (const end of [near, far]) end.pause();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const sever = (): void => {
    for (const end of ends) end.destroy();
  };
  return {
    port: address !== null && typeof address === 'object' ? address.port : 0,
    cut() {
      isCut = true;
      for (const end of ends) end.pause();
    },
    mend() {
      isCut = false;
      for (const end of ends) end.resume();
    },
    sever,
    async [Symbol.asyncDispose]() {
      sever();
      server.close();
      await once(server, 'close');
    },
  };
}
