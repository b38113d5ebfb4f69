/**
 * The promises of the store port, as tests that every kind of store passes. A new kind writes a fixture and calls this
 * once; where its capabilities say that it does something otherwise, that is what the tests expect of it.
 */
import { describe } from 'vitest';
import { describeCapture } from './contract-capture.ts';
import type { ContractEffort, MakeFixture } from './contract-fixture.ts';
import { describeCreating } from './contract-creating.ts';
import { describeDigests } from './contract-digests.ts';
import { describeFence } from './contract-fence.ts';
import { describeLineage } from './contract-lineage.ts';
import { describeMatching } from './contract-matching.ts';
import { describeReading } from './contract-reading.ts';
import { describeRefusals } from './contract-refusals.ts';
import { describeSchedules } from './contract-schedules.ts';
import { describeSetup } from './contract-setup.ts';
import { describeTableChanges } from './contract-table-changes.ts';
import { describeWaking } from './contract-waking.ts';
import { describeWriting } from './contract-writing.ts';

export function describeStoreContract(name: string, makeFixture: MakeFixture, effort: ContractEffort): void {
  describe(`${name} keeps the store contract`, () => {
    describeSetup(makeFixture);
    describeCapture(makeFixture);
    describeSchedules(makeFixture, effort);
    describeTableChanges(makeFixture);
    describeWaking(makeFixture, effort);
    describeLineage(makeFixture);
    describeReading(makeFixture);
    describeDigests(makeFixture);
    describeMatching(makeFixture);
    describeWriting(makeFixture);
    describeCreating(makeFixture);
    describeRefusals(makeFixture);
    describeFence(makeFixture);
  });
}
