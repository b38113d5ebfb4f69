/** How a command ends, and where it speaks: results on stdout, everything else on stderr. */
export const EXIT = { clean: 0, failed: 1, usage: 2, openErrors: 3 } as const;

/** Ends the command with a message on stderr; anything else that is thrown is a fault of ours. */
export class CommandFailed extends Error {
  readonly exitCode: number;
  /** With `--json`, what stdout gets: a problem document, or the problems of a configuration. */
  readonly document: unknown;
  constructor(exitCode: number, message: string, document: unknown = null, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CommandFailed';
    this.exitCode = exitCode;
    this.document = document;
  }
}

export const usageError = (message: string): CommandFailed => new CommandFailed(EXIT.usage, message);

/** Results go to stdout; what tells of progress goes to stderr. */
export const print = (text: string): void => void process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
export const tell = (text: string): void => void process.stderr.write(text.endsWith('\n') ? text : `${text}\n`);
export const printJson = (value: unknown): void => print(JSON.stringify(value, null, process.stdout.isTTY ? 2 : 0));
