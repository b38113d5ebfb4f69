/** How a command ends. */
export const EXIT = { clean: 0, failed: 1, usage: 2, openErrors: 3 } as const;

/** Ends the command with a message on stderr; anything else that is thrown is a fault of ours. */
export class CommandFailed extends Error {
  readonly exitCode: number;
  constructor(exitCode: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CommandFailed';
    this.exitCode = exitCode;
  }
}

/** Results go to stdout; what tells of progress goes to stderr. */
export const print = (text: string): void => void process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
export const tell = (text: string): void => void process.stderr.write(text.endsWith('\n') ? text : `${text}\n`);
