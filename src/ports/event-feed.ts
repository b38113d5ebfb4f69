/** What happens, for whoever watches: `GET /events`. */
import type { Job, SyncError } from './coupling-database.ts';
import type { Side } from '../domain/record.ts';

export type LiveEvent =
  | {
      readonly id: string;
      readonly name: 'job';
      readonly jobId: string;
      readonly kind: Job['kind'];
      readonly status: Job['status'];
      readonly mapping: string | null;
      readonly channel: string | null;
      readonly done: number;
      readonly total: number | null;
    }
  | {
      readonly id: string;
      readonly name: 'error';
      readonly errorId: string;
      readonly status: SyncError['status'];
      readonly kind: SyncError['kind'];
      readonly code: string;
      readonly mapping: string;
      readonly channel: string;
    }
  | {
      readonly id: string;
      readonly name: 'operation';
      readonly operationId: string;
      readonly status: string;
      readonly channel: string;
    }
  | {
      readonly id: string;
      readonly name: 'store';
      readonly side: Side;
      readonly channel: string | null;
      readonly state: string;
    };

export interface EventFeed {
  /**
   * What happens from now on, or after the event of this id, in the order of the ids, until aborted. An id that is not
   * known any more begins from now. An event may come twice around a reconnection; none is left out.
   */
  follow(afterId: string | null, signal: AbortSignal): AsyncIterable<LiveEvent>;
}
