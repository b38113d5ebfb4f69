/** Codes of the operating system, the driver and the server, in words: nobody who runs a shop knows what ECONNREFUSED is. */
const WORDS = {
  refused: 'nothing listens at that address and port',
  closed: 'it closed the connection',
  silent: 'it did not answer in time',
  noWayToHost: 'no way leads to its host',
  noWayToNetwork: 'no way leads to its network',
  noSocket: 'there is no such socket',
  noHost: 'there is no such host',
  noLookup: 'its host name could not be looked up',
  noWrites: 'it takes no writes',
  stoodStill: 'it ended a session that stood still',
  notFromHere: 'the user may not sign in from here',
  wrongPassword: 'the user or the password is wrong',
  noDatabase: 'the server has no such database',
  diskFull: 'its disk is full',
  noMemory: 'it is out of memory',
  noConnections: 'it takes no more connections',
  ended: 'an administrator ended the session',
  killed: 'it was killed and starts again',
  startingOrStopping: 'it is starting or stopping',
  diskFails: 'its disk fails',
} as const;

export type NetworkReason = keyof typeof WORDS;

const REASONS: ReadonlyMap<string, NetworkReason> = new Map([
  ['ECONNREFUSED', 'refused'],
  ['ECONNRESET', 'closed'],
  ['EPIPE', 'closed'],
  ['CONNECTION_CLOSED', 'closed'],
  ['CONNECTION_ENDED', 'closed'],
  ['CONNECTION_DESTROYED', 'closed'],
  ['ETIMEDOUT', 'silent'],
  ['CONNECT_TIMEOUT', 'silent'],
  ['EHOSTUNREACH', 'noWayToHost'],
  ['ENETUNREACH', 'noWayToNetwork'],
  ['ENOENT', 'noSocket'],
  ['ENOTFOUND', 'noHost'],
  ['EAI_AGAIN', 'noLookup'],
  ['25006', 'noWrites'],
  ['25P03', 'stoodStill'],
  ['28000', 'notFromHere'],
  ['28P01', 'wrongPassword'],
  ['3D000', 'noDatabase'],
  ['53100', 'diskFull'],
  ['53200', 'noMemory'],
  ['53300', 'noConnections'],
  ['57P01', 'ended'],
  ['57P02', 'killed'],
  ['57P03', 'startingOrStopping'],
  ['57P05', 'stoodStill'],
  ['58030', 'diskFails'],
]);

/** What it says, for languages that word it themselves. */
export const networkReasonOf = (code: string): NetworkReason | undefined => REASONS.get(code);

/** What it says in English words; a code that is not known stands for itself. */
export function networkReason(code: string): string {
  const reason = networkReasonOf(code);
  return reason === undefined ? code : WORDS[reason];
}
