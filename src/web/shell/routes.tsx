/** Which page an address shows. Each is loaded when it is first visited. */
import type { ComponentType, LazyExoticComponent } from 'react';
import { lazyPart } from '../parts/lazy-part.ts';

export interface RouteProps {
  readonly id: string;
}

type RoutePage = LazyExoticComponent<ComponentType<RouteProps>>;

const page = (load: () => Promise<ComponentType<RouteProps>>): RoutePage => lazyPart(load);

const LISTS: Readonly<Record<string, RoutePage>> = {
  '': page(async () => (await import('../pages/overview/overview.tsx')).Overview),
  errors: page(async () => (await import('../pages/errors/error-list.tsx')).ErrorList),
  'customer-operations': page(async () => (await import('../pages/operations/operation-list.tsx')).OperationList),
  log: page(async () => (await import('../pages/log/log-page.tsx')).LogPage),
  jobs: page(async () => (await import('../pages/jobs/job-list.tsx')).JobList),
  mappings: page(async () => (await import('../pages/mappings/mapping-list.tsx')).MappingList),
  couplings: page(async () => (await import('../pages/couplings/coupling-list.tsx')).CouplingList),
  commerce: page(async () => (await import('../pages/commerce/commerce-page.tsx')).CommercePage),
};

const ITEMS: Readonly<Record<string, RoutePage>> = {
  errors: page(async () => (await import('../pages/errors/error-card.tsx')).ErrorCard),
  'customer-operations': page(async () => (await import('../pages/operations/operation-card.tsx')).OperationCard),
  jobs: page(async () => (await import('../pages/jobs/job-card.tsx')).JobCard),
  mappings: page(async () => (await import('../pages/mappings/mapping-card.tsx')).MappingCard),
  couplings: page(async () => (await import('../pages/couplings/coupling-card.tsx')).CouplingCard),
};

const NotFound = page(async () => (await import('../pages/not-found.tsx')).NotFound);

export interface Route {
  readonly page: RoutePage;
  readonly id: string;
}

export function routeOf(path: string): Route {
  const [name = '', id, ...more] = path.split('/').slice(1).map(decode);
  if (more.some((part) => part !== '')) return { page: NotFound, id: '' };
  const found = id === undefined || id === '' ? LISTS : ITEMS;
  return { page: Object.hasOwn(found, name) ? (found[name] ?? NotFound) : NotFound, id: id ?? '' };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
