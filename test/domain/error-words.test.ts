/** What an error may be answered with, and which errors have one cause. */
import { expect, it } from 'vitest';
import { type ActedError, allowedActions } from '../../src/domain/allowed-actions.ts';
import { causeOfError } from '../../src/domain/cause-of-error.ts';

const ERROR: ActedError = {
  scope: 'record',
  kind: 'failure',
  code: 'value-too-long',
  status: 'open',
  couplingId: 'c1',
  deletedIn: null,
  hqRecord: { exists: true },
  channelRecord: { exists: true },
};

it('a version can be chosen only where both records are there', () => {
  expect(allowedActions(ERROR)).toEqual(['retry', 'synchronize', 'remove-coupling']);
  expect(allowedActions({ ...ERROR, channelRecord: { exists: false } })).toEqual(['retry', 'remove-coupling']);
  expect(allowedActions({ ...ERROR, hqRecord: { exists: false } })).toEqual(['retry', 'remove-coupling']);
  expect(allowedActions({ ...ERROR, couplingId: null })).toEqual(['retry', 'couple', 'remove-coupling']);
});

it('names with colons and percent signs make no two causes alike', () => {
  expect(causeOfError('customers', 'value-too-long', { field: 'name' })).toBe('customers:value-too-long:name');
  expect(causeOfError('a:b', 'c', { field: '50%' })).toBe('a%3Ab:c:50%25');
  expect(causeOfError('a%3Ab', 'c', {})).not.toBe(causeOfError('a:b', 'c', {}));
});
