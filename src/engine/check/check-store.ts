/** One store as a whole: can it be reached, is it one that Couplet can work with, does the capture stand. */
import { tableText } from '../../domain/mapping.ts';
import type { Params, Side } from '../../domain/record.ts';
import { LineageBroken, StoreBusy, StoreRefused, StoreUnreachable } from '../../errors/store-faults.ts';
import type { Store, StoreSurvey } from '../../ports/store.ts';
import { grantRemedy, type SetupFinding, setupFinding } from '../lane/setup-finding.ts';
import { type Site, storeOf, watchedTables } from '../lane/site.ts';
import { storePath } from './setup-paths.ts';

export interface CheckedStore {
  readonly store: Store;
  /** Null: it cannot be reached, and nothing can be said of its tables. */
  readonly survey: StoreSurvey | null;
  readonly captureInstalled: boolean;
  readonly findings: readonly SetupFinding[];
}

export async function checkStore(site: Site, side: Side, channel: string | null): Promise<CheckedStore> {
  const store = storeOf(site, side, channel);
  const path = storePath(side, channel);
  const findings: SetupFinding[] = [];
  const add = (code: string, severity: SetupFinding['severity'], params: Params, remedy?: string): void => {
    findings.push(setupFinding({ side, channel, mapping: null }, code, severity, path, params, remedy));
  };
  try {
    const survey = await store.survey();
    for (const { code, params } of survey.problems)
      add(code, code === 'wake-up-not-possible' ? 'note' : 'error', params);
    const captureInstalled = await checkCapture(site, store, survey, add);
    return { store, survey, captureInstalled, findings };
  } catch (fault) {
    const { code, params } = explainFault(fault);
    add(code, 'error', params);
    return { store, survey: null, captureInstalled: false, findings };
  }
}

type AddOfStore = (code: string, severity: SetupFinding['severity'], params: Params, remedy?: string) => void;

async function checkCapture(site: Site, store: Store, survey: StoreSurvey, add: AddOfStore): Promise<boolean> {
  const watched = watchedTables(site, store.side, store.channel);
  try {
    if (await store.isInstalled(watched)) return true;
  } catch (fault) {
    if (!(fault instanceof StoreRefused) || fault.code !== 'permission-denied') throw fault;
    const remedy = 'Let whoever installed the capture run the GRANTs that `couplet install --print` writes.';
    add('right-missing', 'error', { right: 'use', privilege: 'USAGE', table: 'the schema couplet' }, remedy);
    return false;
  }
  if (!survey.mayInstall) {
    const remedy = `${grantRemedy('CREATE', 'DATABASE of the store')} Or let somebody who may run what \`couplet install --print\` writes.`;
    add(
      'right-missing',
      'error',
      { right: 'install the capture in', privilege: 'CREATE', table: 'the database' },
      remedy,
    );
  }
  const some = watched.map(({ table }) => tableText(table));
  const remedy = '`couplet start` and `couplet sync` install it by themselves, `couplet install` does it now.';
  add(
    'capture-missing',
    'warning',
    { table: some.length === 1 ? (some[0] ?? '') : `some or all of ${some.join(', ')}` },
    remedy,
  );
  return false;
}

const NO_HOST: ReadonlySet<string> = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_NONAME']);

/** A fault of a store as code and parameters that make a whole sentence. */
export function explainFault(fault: unknown): { readonly code: string; readonly params: Params } {
  if (fault instanceof StoreUnreachable) {
    const known = fault.params['reason'] ?? fault.params['sqlState'];
    const reason = typeof known === 'string' ? known : '';
    const store = fault.params['store'] ?? fault.message;
    if (NO_HOST.has(reason)) return { code: 'host-not-found', params: { store } };
    return { code: fault.code, params: { store, reason } };
  }
  if (fault instanceof StoreRefused || fault instanceof StoreBusy || fault instanceof LineageBroken) {
    return { code: fault.code, params: { store: fault.message, ...fault.params } };
  }
  throw fault;
}
