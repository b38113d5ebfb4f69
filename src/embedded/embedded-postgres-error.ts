export type EmbeddedPostgresCode =
  | 'binaries-missing'
  | 'data-directory-in-use'
  | 'data-directory-not-writable'
  | 'no-account-for-postgres'
  | 'password-missing'
  | 'port-in-use'
  | 'start-failed'
  | 'version-mismatch';

/** The embedded server could not be had. Every message ends with what the reader can do about it. */
export class EmbeddedPostgresError extends Error {
  readonly code: EmbeddedPostgresCode;
  constructor(code: EmbeddedPostgresCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'EmbeddedPostgresError';
    this.code = code;
  }
}

/** The `code` of a Node system error (`ENOENT`), or of anything else that has one. */
export function codeOf(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}
