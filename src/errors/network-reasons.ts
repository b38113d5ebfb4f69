/** Codes of the operating system and the driver, in words: nobody who runs a shop knows what ECONNREFUSED is. */
const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens at that address and port',
  ECONNRESET: 'it closed the connection',
  EPIPE: 'it closed the connection',
  CONNECTION_CLOSED: 'it closed the connection',
  CONNECTION_ENDED: 'it closed the connection',
  CONNECTION_DESTROYED: 'it closed the connection',
  ETIMEDOUT: 'it did not answer in time',
  CONNECT_TIMEOUT: 'it did not answer in time',
  EHOSTUNREACH: 'no way leads to its host',
  ENETUNREACH: 'no way leads to its network',
  ENOENT: 'there is no such socket',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'its host name could not be looked up',
};

/** What it says in words; a code that is not known stands for itself. */
export const networkReason = (code: string): string => (Object.hasOwn(REASONS, code) ? REASONS[code]! : code);
