/** What people see and do of commerce as a whole: its jobs, sessions and features. Throws `ActionRefused`. */
import type { Schedule } from '../domain/mapping.ts';
import type { CommerceSessions, SessionJob } from './commerce-sessions.ts';
import type { JobKind } from './coupling-database.ts';
import type { Asker } from './synchronizer.ts';

export type CommerceJobName = SessionJob | 'pipeline';

export interface CommerceJobDefinition {
  readonly job: CommerceJobName & JobKind;
  readonly label: string;
  readonly schedule: Exclude<Schedule, { kind: 'continuous' }>;
  /** When it runs next by itself, if its last run began then. */
  nextRunAt(lastBegunAt: string | null): string | null;
}

export interface FeatureState {
  readonly name: string;
  readonly label: string;
  readonly requires: readonly string[];
  readonly enabled: boolean;
  /** By channel, what the channel has; null while its store is away. */
  readonly effective: Readonly<Record<string, boolean | null>>;
  readonly drift: boolean;
  readonly pendingJobs: Readonly<Record<string, readonly SessionJob[]>>;
}

export interface CommerceControl {
  /** In the order of their work. */
  readonly jobs: readonly CommerceJobDefinition[];
  /** Channels that a job works for. */
  channelsOf(job: CommerceJobName): readonly string[];
  readonly sessions: Pick<CommerceSessions, 'sessions' | 'sessionById' | 'rerun' | 'cancel'>;
  features(): Promise<readonly FeatureState[]>;
  switchFeature(name: string, enabled: boolean, asker: Asker): Promise<FeatureState>;
}
