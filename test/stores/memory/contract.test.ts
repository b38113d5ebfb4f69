import { describeStoreContract } from '../contract.ts';
import { makeMemoryFixture } from './contract-fixture.ts';

describeStoreContract('the memory store', makeMemoryFixture, { schedules: 300, wakeUps: 10_000 });
