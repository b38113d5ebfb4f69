/** The server over a coupling database alone: lists read nothing else. */
import type { FastifyBaseLogger } from 'fastify';
import { loadConfiguration } from '../src/config/load-configuration.ts';
import type { OpenedCouplingDatabase } from '../src/database/open-coupling-database.ts';
import type { ColumnDescription } from '../src/ports/store.ts';
import { prepareMapping } from '../src/domain/prepare-mapping.ts';
import { plainType } from '../src/domain/value-type.ts';
import { presentMappings } from '../src/http/present-mappings.ts';
import type { ServerDeps } from '../src/http/server-deps.ts';

const CONFIGURATION = `
version: 1
hq: { name: HQ, kind: postgres, url: "postgres://nowhere/hq" }
channels: { houston: { name: Houston, kind: postgres, url: "postgres://nowhere/houston" } }
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

const column = (name: string, kind: 'text' | 'integer' = 'text'): ColumnDescription => ({
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
  return {
    synchronizer: {
      act: unused,
      couple: unused,
      uncouple: unused,
      synchronizeCoupling: unused,
      viewError: unused,
      viewCoupling: unused,
      records: unused,
      revert: unused,
      execute: unused,
    },
    queries: database.queries,
    verification: database.proofs,
    jobs: { enqueue: unused },
    lanes: { pause: unused, resume: unused, awaitingFirstRun: async () => null, nextRunAt: () => null },
    couplings: database,
    presenter: presentMappings({
      hqName: 'HQ',
      mappings: [mapping],
      channels: [{ channel: 'houston', name: 'Houston' }],
      prepared: async () => prepared,
    }),
    access: database.access,
    events: database.events,
    measures: database.measures,
    auth: { kind: 'local' },
    log,
    isReady: () => database.isReady(),
  };
}
