import { expect, test } from 'vitest';
import { describeFault } from '../../src/http/describe-fault.ts';

test('what a driver says of values never reaches the log, codes and frames do', () => {
  const driver = Object.assign(new Error('invalid input syntax for type uuid: "anna@example.com"'), {
    name: 'PostgresError',
    code: '22P02',
    routine: 'string_to_uuid',
    query: 'select 1',
    parameters: ['anna@example.com'],
  });
  const wrapped = new Error('Failed query: select $1\nparams: anna@example.com', { cause: driver });
  const told = describeFault(new Error('the list could not be read', { cause: wrapped }));
  expect(JSON.stringify(told)).not.toContain('anna@');
  expect(told).toMatchObject({
    message: 'the list could not be read',
    cause: { cause: { name: 'PostgresError', code: '22P02', routine: 'string_to_uuid' } },
  });
  expect((told['frames'] as string[])[0]).toContain('describe-fault.test.ts');
  expect(describeFault('thrown text')).toEqual({ name: 'string' });
});
