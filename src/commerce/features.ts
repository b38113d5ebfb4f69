/**
 * Features: what Couplet wants, what each channel really has, and which jobs still have to run between the two. A channel
 * has what stands in its own `channelconfiguration`; nothing but the jobs writes there.
 */
import { StoreBusy, StoreRefused, StoreUnreachable } from '../errors/store-faults.ts';
import type { FeatureState } from '../ports/commerce-control.ts';
import type { Feature, SessionJob } from '../ports/commerce-sessions.ts';
import { ActionRefused } from '../ports/synchronizer.ts';
import { type CommerceSite, operationStoreOf } from './commerce-site.ts';

interface FeatureDefinition {
  readonly name: string;
  readonly label: string;
  readonly requires: readonly string[];
}

export const EDIT_ASYNCHRONOUSLY = 'edit-customers-asynchronously';

export const FEATURES: readonly FeatureDefinition[] = [
  {
    name: 'performance-improvements-for-customer-orders',
    label: 'Performance improvements for customer orders and customer transactions',
    requires: [],
  },
  {
    name: 'asynchronous-customer-address-creation',
    label: 'Asynchronous creation of customer addresses',
    requires: [],
  },
  {
    name: 'enhanced-asynchronous-customer-creation',
    label: 'Enhanced asynchronous creation of customers',
    requires: [],
  },
  {
    name: EDIT_ASYNCHRONOUSLY,
    label: 'Edit customers in asynchronous mode',
    requires: [
      'performance-improvements-for-customer-orders',
      'asynchronous-customer-address-creation',
      'enhanced-asynchronous-customer-creation',
    ],
  },
];

/** In the order in which they should run. */
export const CONFIGURATION_JOBS: readonly SessionJob[] = ['1110', '1010', '1070'];

export async function featureStates(commerce: CommerceSite): Promise<FeatureState[]> {
  const [known, distributed, had] = await Promise.all([
    commerce.sessions.features(),
    commerce.sessions.distributed(),
    Promise.all(
      Object.keys(commerce.rules.channels).map(async (channel) => [channel, await hadOf(commerce, channel)] as const),
    ),
  ]);
  return FEATURES.map((definition) => {
    const feature = known.find(({ name }) => name === definition.name);
    const enabled = feature?.enabled ?? false;
    const effective = Object.fromEntries(
      had.map(([channel, features]) => [channel, features === null ? null : features.get(definition.name) === true]),
    );
    const pendingJobs = Object.fromEntries(
      had.map(([channel]) => {
        const has = effective[channel] ?? enabled;
        return [
          channel,
          CONFIGURATION_JOBS.filter((job) => {
            const told = distributed.find((one) => one.channel === channel && one.job === job)?.revision ?? 0n;
            return told < (feature?.revision ?? 0n) || (job === '1110' && has !== enabled);
          }),
        ];
      }),
    );
    return {
      ...definition,
      enabled,
      effective,
      pendingJobs,
      drift: Object.values(pendingJobs).some((jobs) => jobs.length > 0),
    };
  });
}

/** Null: the channel cannot be asked now. */
async function hadOf(commerce: CommerceSite, channel: string): Promise<ReadonlyMap<string, unknown> | null> {
  try {
    return await operationStoreOf(commerce, channel).configuration(schemaOf(commerce, channel));
  } catch (fault) {
    if (fault instanceof StoreUnreachable || fault instanceof StoreBusy || fault instanceof StoreRefused) return null;
    throw fault;
  }
}

export const schemaOf = ({ rules }: Pick<CommerceSite, 'rules'>, channel: string): string =>
  rules.channels[channel]?.schema ?? 'commerce';

/** Throws `ActionRefused` with what stands in the way. */
export async function switchFeature(
  commerce: CommerceSite,
  name: string,
  enabled: boolean,
  actor: string | null,
): Promise<FeatureState> {
  const definition = FEATURES.find((feature) => feature.name === name);
  if (!definition)
    throw new ActionRefused('feature-not-found', `there is no feature ${name}`, {
      feature: name,
      known: FEATURES.map((feature) => feature.name),
    });
  await commerce.sessions.switchFeature(name, enabled, actor, (known) => refuse(definition, enabled, known));
  const states = await featureStates(commerce);
  return states.find((state) => state.name === name) as FeatureState;
}

function refuse(definition: FeatureDefinition, enabled: boolean, known: readonly Feature[]): void {
  const isOn = (name: string): boolean => known.some((feature) => feature.name === name && feature.enabled);
  const feature = definition.name;
  if (enabled) {
    const missing = definition.requires.filter((name) => !isOn(name));
    if (missing.length > 0)
      throw new ActionRefused('prerequisite-missing', `${feature} needs ${missing.join(', ')}`, { feature, missing });
    return;
  }
  const requiredBy = FEATURES.filter(({ name, requires }) => requires.includes(feature) && isOn(name)).map(
    ({ name }) => name,
  );
  if (requiredBy.length > 0)
    throw new ActionRefused('feature-required-by', `${feature} is needed by ${requiredBy.join(', ')}`, {
      feature,
      requiredBy,
    });
}
