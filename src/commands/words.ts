/** What the command line takes as words and defaults; apart from the commands, so that help needs none of them. */
export const DEFAULT_PORT = 4870;
export const DEFAULT_HOST = '127.0.0.1';

export const PROCESS_ROLES = ['all', 'api', 'worker'] as const;
export type ProcessRole = (typeof PROCESS_ROLES)[number];

export const KEY_ROLES = ['viewer', 'operator', 'admin', 'channel'] as const;
export const SIDE_NAMES = ['hq', 'channel'] as const;
export const ERROR_KINDS = ['conflict', 'deletion', 'failure'] as const;
export const COMMERCE_JOBS = ['p-job', 'synchronize-customers', '1010', '1110', '1070', 'pipeline'] as const;
export const ERROR_ACTIONS = [
  'retry',
  'synchronize',
  'restore',
  'delete',
  'couple',
  'remove-coupling',
  'approve',
  'decline',
] as const;
