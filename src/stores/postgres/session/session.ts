/** What a statement is sent through and what it answers: texts, both ways. */
import type { Value } from '../../../domain/record.ts';

export type Row = readonly Value[];

export interface Rows extends ReadonlyArray<Row> {
  /** Rows that the statement returned or touched. */
  readonly count: number;
}

export interface Session {
  /** The process id of the server session: what an administrator sees, and what a test kills. */
  readonly processId: () => number | null;
  /**
   * Runs one statement; several may be sent without waiting, they are answered in order. Texts are prepared once per
   * session, so they must come from a bounded set; `once` is for the others.
   */
  query(text: string, args?: readonly Value[]): Promise<Rows>;
  once(text: string, args?: readonly Value[]): Promise<Rows>;
  /** Sends `rows`, chunks in the text format of COPY, as the data of `COPY … FROM STDIN`. */
  copyIn(text: string, chunks: Iterable<string>): Promise<void>;
}
