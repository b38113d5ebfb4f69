/** The log of the process: JSON lines on stderr, pretty on a terminal; keys, passwords and customers' values never. */
import pino, { type Logger } from 'pino';

const SECRETS = [
  'url',
  'password',
  'authorization',
  'cookie',
  'apiKey',
  'token',
  '*.url',
  '*.password',
  '*.authorization',
  '*.cookie',
  '*.apiKey',
  '*.token',
  'req.headers.authorization',
  'req.headers.cookie',
];

export interface LogOptions {
  readonly level: string;
  /** A person reads along. */
  readonly pretty: boolean;
}

export function createLogger({ level, pretty }: LogOptions): Logger {
  const options = { level, redact: { paths: SECRETS, censor: '[redacted]' }, base: null };
  if (!pretty) return pino(options, pino.destination({ fd: 2, sync: false }));
  return pino({
    ...options,
    transport: {
      target: 'pino-pretty',
      options: { destination: 2, ignore: 'pid,hostname', translateTime: 'HH:MM:ss' },
    },
  });
}
