/** A process of its own that runs one commerce job and is killed at a named point: `kill -9`, nothing is ended in order. */
import { readFile } from 'node:fs/promises';
import { pino } from 'pino';
import { compose } from '../../src/compose.ts';
import { loadConfiguration } from '../../src/config/load-configuration.ts';
import type { JobKind } from '../../src/ports/coupling-database.ts';
import { jobRequest } from '../support/job-request.ts';

const [file = '', databaseUrl = '', kind = '', point = '', mapping = ''] = process.argv.slice(2);
const { settings } = loadConfiguration(await readFile(file, 'utf8'), {});
if (!settings) throw new Error('the configuration is wrong');
const couplet = await compose({
  settings,
  databaseUrl,
  log: pino({ level: 'silent' }),
  migrate: false,
  reach: (reached, lane) => {
    if (reached === point && lane?.mapping === mapping) process.kill(process.pid, 'SIGKILL');
  },
});
const job = await couplet.database.createJob(jobRequest({ kind: kind as JobKind }), 'queued');
await couplet.synchronizer.execute(job.id, () => Promise.resolve(false));
// Whoever reads this was not killed.
console.log(JSON.stringify(await couplet.database.jobOutcome(job.id)));
await couplet.close();
