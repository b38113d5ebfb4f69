import { expect, it } from 'vitest';
import { loadConfiguration } from '../../src/config/load-configuration.ts';
import { checkTable } from '../../src/engine/check/check-table.ts';
import { describeTables } from '../../src/stores/postgres/table/describe-tables.ts';
import { openStage } from '../stores/postgres/stage.ts';
import { configurationOf } from './postgres-site.ts';

it.for([
  ['manual', 'warning'],
  ['propagate', 'error'],
] as const)('whoever deletes records has to read them whole (%s)', async ([policy, severity]) => {
  await using stage = await openStage([
    'create table customer (num text primary key, name text, email text, credit numeric, notes text, "Hidden" text)',
  ]);
  const connection = await stage.as([
    'select (num, name, email, credit, xmin), insert, update, delete, trigger on customer',
    'usage on schema public',
  ]);
  const { settings } = loadConfiguration(configurationOf(`    deletions: ${policy}\n`), {
    HQ_URL: stage.url,
    SHOP_URL: stage.url,
  });
  const mapping = settings!.mappings[0]!;
  const [description] = await describeTables(connection, [mapping.hq.table]);
  const found: unknown[] = [];
  checkTable({
    mapping,
    side: 'hq',
    path: [],
    description: description!,
    captureInstalled: true,
    add: (code, of, _, params) => void found.push([code, of, params['right'], params['privilege']]),
  });
  expect(found).toEqual([['right-missing', severity, 'delete records of', 'SELECT (notes, "Hidden")']]);
});
