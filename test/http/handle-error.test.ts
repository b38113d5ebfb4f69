import { expect, it } from 'vitest';
import { CouplingDatabaseUnreachable } from '../../src/errors/coupling-database-faults.ts';
import { documentOf } from '../../src/http/handle-error.ts';

it('a coupling database that is away is told as such, and to be asked again', () => {
  const document = documentOf(new CouplingDatabaseUnreachable('The coupling database does not answer.'), 'request 7');
  expect(document).toMatchObject({
    status: 503,
    code: 'coupling-database-unreachable',
    detail: 'The coupling database cannot be reached',
    remedy: expect.stringContaining('COUPLET_DATABASE_URL'),
    requestId: 'request 7',
  });
});
