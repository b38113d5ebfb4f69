/** Codes of the operating system, the driver and the server, in words: nobody who runs a shop knows what ECONNREFUSED is. */
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
  '25006': 'it takes no writes',
  '25P03': 'it ended a session that stood still',
  '28000': 'the user may not sign in from here',
  '28P01': 'the user or the password is wrong',
  '3D000': 'the server has no such database',
  '53100': 'its disk is full',
  '53200': 'it is out of memory',
  '53300': 'it takes no more connections',
  '57P01': 'an administrator ended the session',
  '57P02': 'it was killed and starts again',
  '57P03': 'it is starting or stopping',
  '57P05': 'it ended a session that stood still',
  '58030': 'its disk fails',
};

/** What it says in words; a code that is not known stands for itself. */
export const networkReason = (code: string): string => (Object.hasOwn(REASONS, code) ? REASONS[code]! : code);
