/** The server over a coupling database alone: lists read nothing else. */
import type { FastifyBaseLogger } from 'fastify';
import { customerOperations } from '../src/commerce/operations.ts';
import { loadConfiguration } from '../src/config/load-configuration.ts';
import type { OpenedCouplingDatabase } from '../src/database/open-coupling-database.ts';
import { type MappedColumn, prepareMapping } from '../src/domain/prepare-mapping.ts';
import { plainType } from '../src/domain/value-type.ts';
import { presentMappings } from '../src/http/present-mappings.ts';
import { registerCustomerOperations } from '../src/http/routes/commerce-operations.ts';
import type { ServerDeps } from '../src/http/server-deps.ts';
import { typed } from '../src/http/typed-server.ts';
import { LISTED_CHANNELS } from './fill-operations.ts';

const CONFIGURATION = `
version: 1
hq: { name: HQ, kind: postgres, url: "postgres://nowhere/hq" }
channels:
  houston: { name: Houston, kind: postgres, url: "postgres://nowhere/houston" }
  online: { name: Online, kind: postgres, url: "postgres://nowhere/online" }
mappings:
  customers:
    hq: { table: customers, key: [num] }
    channel: { table: shoppers, key: [id] }
    fields:
      number: { hq: num, channel: cust_num }
      name: { hq: name, channel: full_name }
      email: { hq: email, channel: mail }
      phone: { hq: phone, channel: tel }
      city: { hq: city, channel: town }
`;

const column = (name: string, kind: 'text' | 'integer' = 'text'): MappedColumn => ({
  name,
  type: plainType(kind),
  nullable: true,
  hasDefault: false,
  generated: false,
  identity: null,
});

export function listServerDeps(database: OpenedCouplingDatabase, log: FastifyBaseLogger): ServerDeps {
  const { settings } = loadConfiguration(CONFIGURATION, {});
  const [mapping] = settings?.mappings ?? [];
  if (mapping === undefined) throw new Error('the configuration of the benchmark is wrong');
  const hq = ['num', 'name', 'email', 'phone', 'city'].map((name) => column(name));
  const channel = [
    column('id', 'integer'),
    ...['cust_num', 'full_name', 'mail', 'tel', 'town'].map((name) => column(name)),
  ];
  const { prepared } = prepareMapping(mapping, 'houston', hq, channel, new Set());
  const unused = (): never => {
    throw new Error('lists ask no store');
  };
  const operations = {
    ...customerOperations(null, database.commerce),
    rules: { mappings: { customers: mapping.name }, guidField: null },
  };
  const deps: ServerDeps = {
    synchronizer: {
      act: unused,
      couple: unused,
      uncouple: unused,
      synchronizeCoupling: unused,
      viewError: unused,
      etagOfMappingError: unused,
      viewCoupling: unused,
      records: unused,
      revert: unused,
      execute: unused,
    },
    queries: database.queries,
    verification: database.proofs,
    jobs: { enqueue: unused },
    lanes: {
      pause: unused,
      resume: unused,
      awaitingFirstRun: async () => null,
      scheduleOf: ({ schedule }) => schedule,
      nextRunAt: () => null,
    },
    couplings: database,
    presenter: presentMappings({
      hqName: 'HQ',
      mappings: [mapping],
      channels: LISTED_CHANNELS.map((name) => ({ channel: name, name })),
      prepared: async () => prepared,
    }),
    access: database.access,
    events: database.events,
    measures: database.measures,
    auth: { kind: 'local' },
    log,
    isReady: () => database.isReady(),
    moreRoutes: [async (api) => registerCustomerOperations(typed(api), deps, operations)],
  };
  return deps;
}
