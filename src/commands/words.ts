/** What the command line takes as words and defaults; apart from the commands, so that help needs none of them. */
export const DEFAULT_PORT = 4870;
export const DEFAULT_HOST = '127.0.0.1';

export const PROCESS_ROLES = ['all', 'api', 'worker'] as const;
export type ProcessRole = (typeof PROCESS_ROLES)[number];
