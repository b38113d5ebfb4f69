/** What the HTTP server is given of commerce; without it, every address of commerce says that there is none. */
import type { CommerceSite } from '../commerce/commerce-site.ts';
import { mappingNameOf, partsOf } from '../commerce/commerce-site.ts';
import { channelCustomers } from '../commerce/channel-customers.ts';
import { controlCommerce } from '../commerce/control-commerce.ts';
import { customerOperations } from '../commerce/operations.ts';
import type { CommerceSettings } from '../config/settings.ts';
import type { Mapping, Schedule } from '../domain/mapping.ts';
import { registerChannelCustomers } from '../http/routes/channel-customers.ts';
import { registerCommerceJobs } from '../http/routes/commerce-jobs.ts';
import { registerCustomerOperations } from '../http/routes/commerce-operations.ts';
import type { ServerDeps } from '../http/server-deps.ts';
import { typed } from '../http/typed-server.ts';
import type { CommerceDatabase } from '../ports/commerce.ts';
import { nextRunAt } from './next-run.ts';

export interface ServedCommerce {
  readonly commerce: CommerceSite;
  readonly schedules: CommerceSettings['schedules'];
}

export const mappingsOfCommerce = ({ rules }: Pick<CommerceSite, 'rules'>): readonly string[] =>
  partsOf(rules).flatMap((part) => mappingNameOf(rules, part) ?? []);

/** Mappings named under commerce run with the job that distributes customers, alone or within the pipeline. */
export function schedulesOf(served: ServedCommerce | null, mapping: Mapping): readonly Schedule[] {
  if (served === null) return [mapping.schedule];
  const { commerce, schedules } = served;
  const own = partsOf(commerce.rules).some((part) => mappingNameOf(commerce.rules, part) === mapping.name);
  return own ? [schedules['1010'], schedules.pipeline] : [mapping.schedule];
}

export function commerceDeps(
  served: ServedCommerce | null,
  database: CommerceDatabase,
  deps: () => ServerDeps,
): Pick<ServerDeps, 'moreRoutes' | 'commerceMappings' | 'failedOperations'> {
  const commerce = served?.commerce ?? null;
  const operations = customerOperations(commerce, database);
  const control =
    served === null
      ? null
      : controlCommerce(served.commerce, served.schedules, (schedule, last) => nextRunAt(schedule, last, new Date()));
  return {
    commerceMappings: commerce ? mappingsOfCommerce(commerce) : [],
    failedOperations: () => operations.failedCount(),
    moreRoutes: [
      async (api) => registerCommerceJobs(typed(api), deps(), control),
      async (api) => registerChannelCustomers(typed(api), commerce && channelCustomers(commerce)),
      async (api) => registerCustomerOperations(typed(api), deps(), operations),
    ],
  };
}
