/** The kinds of jobs there are, each listed once. */

/** Jobs of asynchronous customers that work in sessions, one channel at a time. */
export const SESSION_JOBS = ['p-job', 'synchronize-customers', '1010', '1110', '1070'] as const;
export type SessionJob = (typeof SESSION_JOBS)[number];

/** All jobs of asynchronous customers; the pipeline is several of them, one after the other. */
export const COMMERCE_JOBS = [...SESSION_JOBS, 'pipeline'] as const;
export type CommerceJob = (typeof COMMERCE_JOBS)[number];

export const JOB_KINDS = [
  'synchronize',
  'couple',
  'uncouple',
  'resolve',
  'bulk',
  'revert',
  'verify',
  'check',
  ...COMMERCE_JOBS,
] as const;
export type JobKind = (typeof JOB_KINDS)[number];
