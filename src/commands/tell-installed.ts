/** What became of the capture in one store, for whoever did not ask for it: silent while all is well. */
import type { Couplet } from '../compose.ts';
import type { Settings } from '../config/settings.ts';
import { describeCode } from '../domain/describe-change.ts';
import { tell } from './exit.ts';
import { nameIn } from './install.ts';

type Installed = Awaited<ReturnType<Couplet['install']>>[number];

export function tellInstalled(settings: Settings, { store, result }: Installed): void {
  const name = nameIn(settings, store);
  if (result instanceof Error) tell(`${name}: ${result.message}`);
  else for (const { code, params } of result.problems) tell(`${name}: ${describeCode(code, params)} (${code})`);
}
