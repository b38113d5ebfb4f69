import { expect, test } from 'vitest';
import { watchStores } from '../../src/commands/watch-stores.ts';
import { compose } from '../../src/compose.ts';
import { loadConfiguration } from '../../src/config/load-configuration.ts';
import { createLogger } from '../../src/logging/create-logger.ts';
import { until } from '../support/until.ts';
import { CONFIGURATION, openShop } from './shop.ts';

test('what a command beside it noted of a store is corrected once the store is seen to answer', async () => {
  await using shop = await openShop();
  const { settings } = loadConfiguration(CONFIGURATION, shop.environment);
  if (!settings) throw new Error('the configuration is wrong');
  const log = createLogger({ level: 'silent', pretty: false });
  await using couplet = await compose({ settings, databaseUrl: shop.couplet.url, log, migrate: true });
  const stateOf = async (): Promise<string | undefined> =>
    (await couplet.database.queries.storeStates()).find(({ channel }) => channel === 'houston')?.state;
  // Without what begins in the background and would be noted at some time of its own.
  const watch = watchStores(couplet, { install: false, log, compareMs: 0 });
  const answers = {
    side: 'channel',
    channel: 'houston',
    state: 'reachable',
    code: null,
    params: {},
    message: null,
  } as const;
  watch.report(answers);
  await until(async () => (await stateOf()) === 'reachable');
  const noted = (state: 'reachable' | 'unreachable' | 'replaced') =>
    couplet.database.queries.noteStoreState({
      side: 'channel',
      channel: 'houston',
      state,
      captureInstalled: true,
      problems: [],
    });
  await noted('unreachable');
  expect(await stateOf()).toBe('unreachable');
  watch.report(answers);
  await until(async () => (await stateOf()) === 'reachable');
  // Another process saw it replaced; somebody has resumed its mappings since.
  await noted('replaced');
  watch.report(answers);
  await until(async () => (await stateOf()) === 'reachable');
  const code = 'lineage-broken';
  watch.report({ ...answers, state: 'replaced', code, params: { reason: 'another-store' }, message: 'another store' });
  await until(async () => (await stateOf()) === 'replaced');
  await couplet.stores.check();
  expect(await stateOf()).toBe('replaced');
  // A command beside it began to look before, and says what it saw after.
  await noted('reachable');
  watch.report({ ...answers, state: 'replaced', code, params: { reason: 'another-store' }, message: 'another store' });
  await until(async () => (await stateOf()) === 'replaced');
  watch.report(answers);
  await until(async () => (await stateOf()) === 'reachable');
  await watch.stop();
});

test('a start has looked at its stores when it says so', async () => {
  await using shop = await openShop();
  const { settings } = loadConfiguration(CONFIGURATION, shop.environment);
  if (!settings) throw new Error('the configuration is wrong');
  const log = createLogger({ level: 'silent', pretty: false });
  await using couplet = await compose({ settings, databaseUrl: shop.couplet.url, log, migrate: true });
  const looked = Promise.withResolvers<void>();
  const watch = watchStores(couplet, { install: true, log, onFirstLook: looked.resolve });
  expect(await couplet.database.queries.storeStates()).toEqual([]);
  await watch.begin();
  await looked.promise;
  const states = await couplet.database.queries.storeStates();
  expect(states.map(({ state, captureInstalled }) => [state, captureInstalled])).toEqual([
    ['reachable', true],
    ['reachable', true],
  ]);
  await watch.stop();
});
