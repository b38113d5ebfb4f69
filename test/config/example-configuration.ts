/** The configuration of docs/configuration.md, so that what the page shows is known to be true. */
import { readFileSync } from 'node:fs';

const page = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8');

export const EXAMPLE = /```yaml\n# couplet\.yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? '';

export const EXAMPLE_ENVIRONMENT = {
  COUPLET_DATABASE_URL: 'postgres://couplet:db-secret@localhost:5432/couplet',
  HQ_URL: 'postgres://couplet:hq-secret@hq.example:5432/erp',
  HOUSTON_URL: 'postgres://couplet:ch-secret@houston.example:5432/shop',
  ONLINE_URL: 'postgres://couplet:on-secret@online.example:5432/shop',
};
