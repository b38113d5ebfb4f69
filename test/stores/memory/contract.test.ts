import { describe } from 'vitest';
import { describeStoreContract } from '../contract.ts';
import { describeCreating } from '../contract-creating.ts';
import { makeMemoryFixture } from './contract-fixture.ts';

describeStoreContract('the memory store', makeMemoryFixture, { schedules: 300, wakeUps: 10_000 });

describe('a store that gives every key itself', () => {
  describeCreating(() => makeMemoryFixture({ choosesKeys: false }));
});
