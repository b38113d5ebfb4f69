import type { JobRequest } from '../../src/ports/coupling-database.ts';

/** A job that anna asked for; each test names what matters to it. */
export const jobRequest = (parts: Pick<JobRequest, 'kind'> & Partial<JobRequest>): JobRequest => ({
  mapping: null,
  channel: null,
  parentId: null,
  scope: null,
  direction: null,
  dryRun: false,
  trigger: 'manual',
  actor: 'anna',
  requestId: null,
  body: null,
  ...parts,
});
