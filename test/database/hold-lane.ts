/** Another process: takes the lane, says so, and records under its fence when told to. Driven by lane-locks.pg.test.ts. */
import { openCouplingDatabase } from '../../src/database/open-coupling-database.ts';
import { LANE, recording } from './recordings.ts';

const [url = '', lockIdleMs = ''] = process.argv.slice(2);
const db = await openCouplingDatabase({ url, migrate: false, connections: 2, lockIdleMs: Number(lockIdleMs) });
const lock = await db.lockLane(LANE, 60_000);
if (lock === null) throw new Error('not locked');
const fence = { lane: LANE, number: await db.raiseFence(LANE) };
process.send?.('locked');

process.on('message', (message) => {
  const answer = async (): Promise<unknown> => {
    if (message === 'held') return lock.held;
    if (message === 'release') return lock.release();
    await db.record(recording(fence));
    return 'recorded';
  };
  answer().then(
    (result) => process.send?.({ result: result ?? null }),
    (error: unknown) => process.send?.({ error: error instanceof Error ? error.name : String(error) }),
  );
});
