/** What one code of the catalogue says. */

/** Who must act: nobody but time, whoever keeps the records, whoever keeps the set-up, Couplet's makers, the caller. */
export type WhoActs = 'wait' | 'data' | 'setup' | 'bug' | 'caller' | 'nobody';
/** How far it reaches: everything inside stands still until it is cured, everything outside goes on. */
export type Reach = 'field' | 'record' | 'mapping' | 'store' | 'request';

export interface CodeEntry {
  /** What has happened, for whoever looks the code up. */
  readonly meaning: string;
  readonly acts: WhoActs;
  readonly reach: Reach;
  readonly remedy: string;
  /** HTTP status where the code is the answer to a request; null where it only stands in errors, jobs and log. */
  readonly status: number | null;
  /**
   * The English sentence. `{name}` is a parameter; what stands in square brackets is left out when one of its
   * parameters is missing. `{was}` and `{differs}` follow the number of `fields`.
   */
  readonly message: string;
}
