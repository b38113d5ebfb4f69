/** What the HTTP server is given of commerce; without it, every address of commerce says that there is none. */
import type { CommerceSite } from '../commerce/commerce-site.ts';
import { mappingNameOf, partsOf } from '../commerce/commerce-site.ts';
import { controlCommerce } from '../commerce/control-commerce.ts';
import type { CommerceSettings } from '../config/settings.ts';
import { registerCommerceJobs } from '../http/routes/commerce-jobs.ts';
import type { ServerDeps } from '../http/server-deps.ts';
import { typed } from '../http/typed-server.ts';
import { nextRunAt } from './next-run.ts';

export interface ServedCommerce {
  readonly commerce: CommerceSite;
  readonly schedules: CommerceSettings['schedules'];
}

export function commerceDeps(
  served: ServedCommerce | null,
  deps: () => ServerDeps,
): Pick<ServerDeps, 'moreRoutes' | 'commerceMappings'> {
  const commerce = served?.commerce ?? null;
  const control =
    served === null
      ? null
      : controlCommerce(served.commerce, served.schedules, (schedule, last) => nextRunAt(schedule, last, new Date()));
  return {
    commerceMappings: commerce
      ? partsOf(commerce.rules).flatMap((part) => mappingNameOf(commerce.rules, part) ?? [])
      : [],
    moreRoutes: [async (api) => registerCommerceJobs(typed(api), deps(), control)],
  };
}
