/** Jobs, sessions and features of commerce, as people see and steer them. */
import type { CommerceControl, CommerceJobDefinition, CommerceJobName } from '../ports/commerce-control.ts';
import { channelsOf } from './carry-out-job.ts';
import type { CommerceSite } from './commerce-site.ts';
import { featureStates, switchFeature } from './features.ts';

const LABELS: Readonly<Record<CommerceJobName, string>> = {
  'p-job': 'P-job',
  'synchronize-customers': 'Synchronize customers and channel requests',
  '1010': 'Customers',
  '1110': 'Global configuration',
  '1070': 'Channel configuration',
  pipeline: 'P-job, synchronize customers, distribute customers',
};

const ORDER: readonly CommerceJobName[] = ['p-job', 'synchronize-customers', '1010', '1110', '1070', 'pipeline'];

type Schedules = Readonly<Record<CommerceJobName, CommerceJobDefinition['schedule']>>;

export function controlCommerce(
  commerce: CommerceSite,
  schedules: Schedules,
  nextRunAt: (schedule: CommerceJobDefinition['schedule'], lastBegunAt: string | null) => string | null,
): CommerceControl {
  return {
    jobs: ORDER.map((job) => ({
      job,
      label: LABELS[job],
      schedule: schedules[job],
      nextRunAt: (lastBegunAt) => nextRunAt(schedules[job], lastBegunAt),
    })),
    channelsOf: (job) => channelsOf(commerce, job),
    sessions: commerce.sessions,
    features: () => featureStates(commerce),
    switchFeature: (name, enabled, { actor }) => switchFeature(commerce, name, enabled, actor),
  };
}
