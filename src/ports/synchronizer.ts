/**
 * What HTTP, commands and schedules ask of the engine. They never synchronize themselves. Everything here may throw the
 * faults of `errors/store-faults.ts`, and `ActionRefused` for what the caller asked wrongly or too late.
 */
import type { Json, Params, RecordKey, Side, Value } from '../domain/record.ts';
import type { ResolutionAction } from '../domain/terms.ts';
import type { ErrorField, ErrorKind, SyncError } from './coupling-database.ts';
import type { CouplingView, ErrorView } from './queries.ts';
import type { Lane } from './store.ts';

/** Who asks, and why; stands in the log. */
export interface Asker {
  readonly actor: string | null;
  readonly reason: string | null;
  readonly requestId: string | null;
}

export type ErrorAction = Exclude<ResolutionAction, 'dismiss' | 'automatic'>;

export interface ActionRequest extends Asker {
  readonly action: ErrorAction;
  readonly dryRun: boolean;
  /** Null: no If-Match; '*': what holds now; else the etag that the caller saw. */
  readonly ifMatch: string | null;
  readonly winner: Side | null;
  /** By field name; an own value in canonical text of the side's type. */
  readonly fields: ReadonlyMap<string, Side | { readonly value: Value; readonly side: Side }>;
  /** For `couple`. */
  readonly key: RecordKey | null;
  readonly create: boolean;
  /** Null: a job of kind `resolve` is made; else that of the bulk work. */
  readonly jobId: string | null;
}

/** What would be, or was, written; JSON as CONTRACT §5 shows it. */
export type WritePreview = {
  side: Side;
  operation: 'insert' | 'update' | 'delete' | 'restore';
  key: Json;
  fields: { name: string; old: Json; new: Json }[];
};

export interface Dependent {
  readonly mapping: string;
  readonly couplingId: string;
  readonly description: string;
  readonly errorId: string | null;
}

/** An error that an answer to a mass of changes would open: what is left to a person, record by record. */
export interface ForeseenError {
  readonly couplingId: string | null;
  readonly hqKey: Json;
  readonly channelKey: Json;
  readonly description: string;
  readonly kind: ErrorKind;
  readonly code: string;
  readonly params: Params;
}

export interface ActionResult {
  readonly outcome: 'succeeded' | 'failed';
  readonly jobId: string | null;
  readonly writes: readonly WritePreview[];
  readonly dependents: readonly Dependent[];
  /** Of the preview of an answer to a mass error only. */
  readonly errors?: readonly ForeseenError[];
  /** Where the action made a coupling. */
  readonly couplingId?: string;
}

/** One record as a store holds it now, its values in the API's form by field name. */
export interface RecordNow {
  readonly key: RecordKey | null;
  readonly description: string;
  readonly exists: boolean;
  readonly modifiedAt: string | null;
  readonly changedBy: string | null;
  readonly link: string | null;
  readonly values: Readonly<Record<string, Value>> | null;
  readonly version: string | null;
}

/** With the time as of which its values are known. */
export type SeenError = SyncError & Pick<ErrorView, 'lastSeenAt'>;

/** Both records now; `asOf`, ISO 8601, when a store is away and the last known values stand in. */
export interface PairView {
  readonly hq: RecordNow;
  readonly channel: RecordNow;
  readonly asOf: string | null;
  readonly etag: string;
  readonly fields: readonly ErrorField[];
}

export interface UncoupledRecordView {
  readonly key: RecordKey;
  readonly description: string;
  readonly couplingId: string | null;
  readonly errorId: string | null;
  readonly reason: string | null;
  readonly at: string | null;
  readonly actor: string | null;
}

export interface CoupleRequest extends Asker {
  readonly lane: Lane;
  readonly hqKey: RecordKey | null;
  readonly channelKey: RecordKey | null;
  readonly createIn: Side | null;
  readonly winner: Side | null;
  readonly dryRun: boolean;
}

export interface Synchronizer {
  /** Acts on one open error; the caller reads the error again afterwards. */
  act(errorId: string, request: ActionRequest): Promise<ActionResult>;
  /** Couples two records, or one with a record to be created. Returns the coupling's id. */
  couple(request: CoupleRequest): Promise<{ readonly couplingId: string; readonly writes: readonly WritePreview[] }>;
  /** Ends a coupling and leaves both records; nothing happens when it has ended already. */
  uncouple(couplingId: string, asker: Asker): Promise<void>;
  /** Decides one pair now. */
  synchronizeCoupling(
    couplingId: string,
    winner: Side | null,
    asker: Asker & { readonly dryRun: boolean },
  ): Promise<ActionResult>;
  /** Both records as the stores hold them now, and the etag of the error (or of the pair). */
  viewError(error: SeenError): Promise<PairView>;
  /** The etag of an error of a mapping as a whole: of what it says and of all that it holds back. */
  etagOfMappingError(error: SyncError): Promise<string>;
  viewCoupling(coupling: CouplingView): Promise<PairView>;
  /** Records of one side, coupled or not, with the reason why not. */
  records(
    lane: Lane,
    side: Side,
    search: {
      readonly q: string | null;
      readonly key: RecordKey | null;
      readonly after: RecordKey | null;
      readonly limit: number;
    },
  ): Promise<readonly UncoupledRecordView[]>;
  /** Takes back one log entry. */
  revert(
    logId: string,
    request: Asker & { readonly dryRun: boolean; readonly jobId: string | null },
  ): Promise<ActionResult>;
  /** Executes a job that was asked for, whatever its kind; called by the worker that took it from the queue. */
  execute(jobId: string, stop: () => Promise<boolean>): Promise<void>;
}

/** Asked wrongly or too late: `code` is of the catalogue and answers with its HTTP status. */
export class ActionRefused extends Error {
  readonly code: string;
  readonly params: Params;
  /** For stale and answered decisions: the error as it is now. */
  readonly errorId: string | null;
  constructor(code: string, message: string, params: Params = {}, errorId: string | null = null) {
    super(message);
    this.name = 'ActionRefused';
    this.code = code;
    this.params = params;
    this.errorId = errorId;
  }
}
