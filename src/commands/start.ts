/** `couplet start`: the product on the user's own stores. */
import { readEnvironment } from '../config/environment.ts';
import { pageIfPossible } from '../web-build/ensure-page-built.ts';
import { endWithGrace } from './end-with-grace.ts';
import { type CommonOptions, loadSettings, openCouplet } from './open-couplet.ts';
import { recordConfiguration } from './record-configuration.ts';
import { refuseUnsafeListening, serve } from './serve.ts';
import type { ProcessRole } from './words.ts';

export interface StartOptions extends CommonOptions {
  readonly port: number;
  readonly host: string;
  readonly role: ProcessRole;
  readonly migrate: boolean;
  readonly install: boolean;
}

export async function start(options: StartOptions): Promise<number> {
  const { settings } = await loadSettings(options.config, readEnvironment());
  refuseUnsafeListening(settings, options);
  const opened = await openCouplet(options);
  try {
    await recordConfiguration(opened, options.config, 'local');
    const { host, port, role, install } = options;
    const serving = await serve(opened.couplet, {
      host,
      port,
      role,
      install,
      pageFolder: role === 'worker' ? null : await pageIfPossible((line) => opened.couplet.log.info(line)),
      command: 'couplet start',
    });
    return await endWithGrace(opened.couplet.log, async () => {
      await serving.stop();
      await opened[Symbol.asyncDispose]();
    });
  } catch (fault) {
    await opened[Symbol.asyncDispose]();
    throw fault;
  }
}
