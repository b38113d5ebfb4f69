import { describe, expect, test } from 'vitest';
import { createCouplingDatabase } from './open-test-database.ts';

const HOUSTON = { side: 'channel', channel: 'houston' } as const;

describe('what is noted of a store', () => {
  test('a check leaves a store that is another one now told so; whoever reads its marks does not', async () => {
    await using here = await createCouplingDatabase();
    const { noteStoreState, storeStates } = here.db.queries;
    const problems = [{ code: 'lineage-broken' }];
    const replaced = {
      ...HOUSTON,
      state: 'replaced',
      captureInstalled: true,
      problems,
    } as const;
    await noteStoreState(replaced);
    const [before] = await storeStates();
    for (const state of ['reachable', 'unreachable', 'setupProblem'] as const) {
      await noteStoreState({ ...HOUSTON, state, captureInstalled: false, problems: [] }, { keepReplaced: true });
      expect(await storeStates()).toEqual([{ ...before, captureInstalled: false }]);
    }
    await noteStoreState({ ...HOUSTON, state: 'reachable', captureInstalled: true, problems: [] });
    const [after] = await storeStates();
    expect(after).toMatchObject({ ...HOUSTON, state: 'reachable', captureInstalled: true, problems: [] });
    expect(after?.since).not.toBe(before?.since);
  });

  test('its time is that of the last change of state', async () => {
    await using here = await createCouplingDatabase();
    const { noteStoreState, storeStates } = here.db.queries;
    const note = async (state: 'reachable' | 'unreachable'): Promise<string | undefined> => {
      await noteStoreState({ ...HOUSTON, state, captureInstalled: true, problems: [] }, { keepReplaced: true });
      return (await storeStates())[0]?.since;
    };
    const first = await note('reachable');
    expect(await note('reachable')).toBe(first);
    const second = await note('unreachable');
    expect(second).not.toBe(first);
    expect(await note('unreachable')).toBe(second);
  });
});
