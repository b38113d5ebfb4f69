/** What the server is given: ports and plain values. `compose.ts` knows who stands behind them. */
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import type { Access } from '../ports/access.ts';
import type { EventFeed } from '../ports/event-feed.ts';
import type { CouplingDatabase } from '../ports/coupling-database.ts';
import type { JobQueue } from '../ports/job-queue.ts';
import type { LaneControl } from '../ports/lane-control.ts';
import type { Measures } from '../ports/measurements.ts';
import type { MappingPresenter } from '../ports/mapping-presenter.ts';
import type { Queries } from '../ports/queries.ts';
import type { Synchronizer } from '../ports/synchronizer.ts';
import type { Verification } from '../ports/verification.ts';
import type { AuthOptions } from './caller.ts';

export interface ServerDeps {
  readonly synchronizer: Synchronizer;
  readonly queries: Queries;
  readonly jobs: JobQueue;
  readonly lanes: LaneControl;
  readonly couplings: Pick<CouplingDatabase, 'couplingsByKey' | 'couplingsById'>;
  readonly presenter: MappingPresenter;
  readonly access: Access;
  readonly events: EventFeed;
  readonly measures: Measures;
  readonly auth: AuthOptions;
  readonly log: FastifyBaseLogger;
  readonly verification: Verification;
  /** Customer operations that failed, for the overview. */
  readonly failedOperations?: () => Promise<number>;
  /** Over when this process has looked at its stores for the first time; absent: others look. */
  readonly firstLook?: Promise<void> | undefined;
  /** Whether the coupling database answers. */
  readonly isReady: () => Promise<boolean>;
  /** The folder of the built page; null: the API alone. */
  readonly pageFolder?: string | null;
  /** Requests of one address; of signing in, which is where keys would be guessed. */
  readonly limits?: { readonly perMinute: number; readonly signInsPerMinute: number };
  /** Tests compare every answer with its schema. */
  readonly checkAnswers?: boolean;
  /** Mappings named under commerce: their run is the job 1010. */
  readonly commerceMappings?: readonly string[];
  /** Routes of other rooms, below /api/v1. */
  readonly moreRoutes?: readonly ((api: FastifyInstance) => Promise<void>)[];
}
