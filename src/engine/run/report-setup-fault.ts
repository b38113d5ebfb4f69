/** A lane that cannot be opened for what a person has to set right: told once, as an error of its mapping. */
import type { StoreRefused } from '../../errors/store-faults.ts';
import type { Lane } from '../../ports/store.ts';
import { newError } from '../batch/new-error.ts';
import type { Run } from '../batch/work-batch.ts';
import type { Site } from '../lane/site.ts';

/** What keeps every mapping from a store alike is the state of the store, and the job's code; no error of each mapping. */
const OF_THE_STORE: ReadonlySet<string> = new Set(['sign-in-refused', 'database-not-found', 'url-invalid']);

/** A fault of the set-up is one error of the mapping, told apart from errors of records; it ends when the lane opens again. */
export async function reportSetupFault(
  site: Site,
  lane: Lane,
  run: Pick<Run, 'identity' | 'ensureJob'>,
  fault: StoreRefused,
): Promise<void> {
  if (OF_THE_STORE.has(fault.code)) return;
  const open = await site.database.openMappingError(lane, fault.code);
  if (open && JSON.stringify(open.params) === JSON.stringify(fault.params)) return;
  await run.ensureJob();
  await site.database.reportMappingError(
    newError({
      id: open?.id ?? site.database.newId(),
      scope: 'mapping',
      lane,
      kind: 'failure',
      code: fault.code,
      params: fault.params,
      attempts: (open?.attempts ?? 0) + 1,
      jobId: run.identity.jobId,
    }),
  );
}
