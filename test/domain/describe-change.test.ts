import { describe, expect, it } from 'vitest';
import { causeOfError } from '../../src/domain/cause-of-error.ts';
import {
  type DescribedEntry,
  describeChanges,
  describeCode,
  describeLogEntry,
  describeOperation,
} from '../../src/domain/describe-change.ts';
import { jsonDifference } from '../../src/domain/json-difference.ts';

describe('codes become sentences', () => {
  it('from their parameters, leaving out what is not known', () => {
    expect(
      describeCode('value-too-long', { field: 'name', limit: 20, length: 25, value: 'Adatum Corporation Ltd.' }),
    ).toBe('name is too long: 25 characters; at most 20 fit (Adatum Corporation Ltd.)');
    expect(describeCode('action-not-allowed', { action: 'synchronize', allowed: [] })).toBe(
      'synchronize does not fit here',
    );
    expect(describeCode('action-not-allowed', { action: 'save', allowed: ['dismiss'] })).toBe(
      'save does not fit here; what does: dismiss',
    );
    expect(describeCode('value-too-long', { field: 'name', limit: 20 })).toBe('name is too long; at most 20 fit');
    expect(
      describeCode('parent-not-coupled', { field: 'group', parent: 'customerGroups', parentKey: ['7', 'A'] }),
    ).toBe('group refers to customerGroups 7 and A, which is not coupled');
    expect(
      describeCode('constraint-violated', { constraint: 'customer_email_key', blockedBy: ['C2'], columns: ['email'] }),
    ).toBe('The store refused the record because of customer_email_key: the record C2 has the same email');
    expect(describeCode('deleted-and-changed', { key: ['C1'], deletedIn: 'channel' })).toBe(
      'The record C1 was deleted in the channel and changed in the other app',
    );
  });
  it('that name what keeps a store away in words', () => {
    const unreachable = (reason: string) => describeCode('store-unreachable', { store: 'Houston', reason });
    expect(unreachable('ECONNREFUSED')).toBe(
      'The store Houston cannot be reached: nothing listens at that address and port',
    );
    expect(unreachable('EWHATEVER')).toBe('The store Houston cannot be reached: EWHATEVER');
  });

  it('of one field or several', () => {
    expect(describeCode('update-conflict', { field: 'email', fields: ['email'] })).toBe(
      'email was changed in both apps',
    );
    expect(describeCode('update-conflict', { field: 'email', fields: ['email', 'name', 'city'] })).toBe(
      'email, name and city were changed in both apps',
    );
  });
  it('by the column where a store knows no field, by plain words where nothing is known', () => {
    expect(describeCode('required-value-missing', { column: 'currency' })).toBe('currency must have a value');
    expect(describeCode('required-value-missing', {})).toBe('A field must have a value');
  });
  it('even when a newer version gave a code that this one does not know', () => {
    expect(describeCode('moon-eclipsed', { field: 'x' })).toBe('Moon eclipsed');
  });
});

describe('changes become sentences', () => {
  it('with what was and what is', () => {
    expect(describeChanges([{ field: 'name', old: 'Adatum', new: 'Adatum Corp' }])).toBe(
      'name changed from Adatum to Adatum Corp',
    );
    expect(
      describeChanges([
        { field: 'email', old: null, new: 'a@x' },
        { field: 'phone', old: '1', new: null },
        { field: 'note', old: 'x', new: '' },
      ]),
    ).toBe('email set to a@x; phone cleared (was 1); note changed from x to ""');
  });
  it('that stay short whatever the values', () => {
    const long = describeChanges([{ field: 'note', old: 'x'.repeat(10_000), new: 'line\nline' }]);
    expect(long.length).toBeLessThan(150);
    expect(long).toMatch(/… to line line$/);
    const many = Array.from({ length: 40 }, (_, at) => ({ field: `f${at}`, old: null, new: '1' }));
    expect(describeChanges(many)).toMatch(/f5 set to 1; and 34 more changes$/);
  });
  it('place by place within JSON', () => {
    expect(
      describeChanges([
        { field: 'settings', old: '{"mail":{"news":true},"n":1}', new: '{"n":1.0,"mail":{"news":false}}' },
      ]),
    ).toBe('settings.mail.news changed from true to false');
  });
});

describe('log entries become sentences', () => {
  const changes = [{ field: 'name', old: null, new: 'Adatum' }];
  const gone = [{ field: 'name', old: 'Adatum', new: null }];
  const renamed = [{ field: 'name', old: 'a', new: 'b' }];
  const clocks = 'Both apps had changed it; the later change won by the clocks of the apps';
  const cases: readonly [Partial<DescribedEntry> & Pick<DescribedEntry, 'action'>, string][] = [
    [{ action: 'inserted', direction: 'toChannel', changes }, 'Created in the channel: name Adatum'],
    [{ action: 'deleted', direction: 'toHq', changes: gone }, 'Deleted in HQ: name Adatum'],
    [{ action: 'restored', direction: 'toHq', changes }, 'Restored in HQ: name Adatum'],
    [{ action: 'modified', direction: 'toHq', changes: renamed }, 'name changed from a to b'],
    [{ action: 'modified', code: 'latest-wins', changes: renamed }, `name changed from a to b (${clocks})`],
    [
      { action: 'coupled', code: 'matched-on', params: { matchedOn: ['email'] } },
      'Coupled: The records match on email',
    ],
    [{ action: 'uncoupled' }, 'Uncoupled'],
    [{ action: 'conflict', code: 'update-conflict', params: { field: 'email' } }, 'email was changed in both apps'],
    [{ action: 'deletion', code: 'deleted-in-hq', params: { key: ['C1'] } }, 'The record C1 was deleted in HQ'],
    [{ action: 'failed' }, 'Could not be synchronized'],
    [{ action: 'resolved', code: 'synchronize' }, 'Resolved by Synchronize'],
    [{ action: 'resolved', code: 'automatic' }, 'Resolved by itself'],
  ];
  it.each(cases)('%j', (over, sentence) => {
    expect(describeLogEntry({ direction: null, code: null, params: {}, changes: [], ...over })).toBe(sentence);
  });
});

describe('customer operations become sentences', () => {
  const changes = [
    { field: 'email', old: 'a@x', new: 'b@x' },
    { field: 'name', old: 'Adatum', new: 'Adatum' },
  ];
  it('of what they change, or why they failed', () => {
    expect(describeOperation('updateCustomer', 'other', changes, null)).toBe(
      'Customer update: email changed from a@x to b@x',
    );
    expect(
      describeOperation('createCustomer', 'failed', changes, {
        code: 'value-invalid',
        params: { field: 'email', value: 'x@', type: 'e-mail address' },
      }),
    ).toBe('Customer creation failed: email has the value x@, which is not a valid e-mail address');
  });
});

describe('differences within JSON', () => {
  it('know the children of an array by their id, so that one more at the front is one difference', () => {
    expect(jsonDifference('[{"id":1,"x":1},{"id":2,"x":1}]', '[{"id":0,"x":9},{"id":1,"x":1},{"id":2,"x":2}]')).toEqual(
      [
        { path: '[id=2].x', old: '1', new: '2' },
        { path: '[id=0]', old: null, new: '{id: 0, x: 9}' },
      ],
    );
    expect(jsonDifference('[1,2]', '[1,3]')).toEqual([{ path: '[1]', old: '2', new: '3' }]);
  });
  it('round no number, miss no empty name, and touch no prototype', () => {
    expect(jsonDifference('{"n":12345678901234567890}', '{"n":12345678901234567891}')).toEqual([
      { path: '.n', old: '12345678901234567890', new: '12345678901234567891' },
    ]);
    expect(jsonDifference('{}', '{"":1}')).toEqual([{ path: '', old: '{}', new: '{: 1}' }]);
    expect(jsonDifference('{"":1,"a":1}', '{"":2,"a":1}')).toEqual([{ path: '.', old: '1', new: '2' }]);
    expect(jsonDifference('{"a":1}', '{"a":1,"__proto__":{"admin":true}}')).toEqual([
      { path: '.__proto__', old: null, new: '{admin: true}' },
    ]);
    expect(({} as Record<string, unknown>).admin).toBe(undefined);
    expect(jsonDifference('{"a":{}}', '{"a":[]}')).toEqual([{ path: '.a', old: '{}', new: '[]' }]);
  });
  it('tell nothing of what is no JSON, or too deep to be compared', () => {
    expect(jsonDifference('{', '{}')).toBe(null);
    const deep = (leaf: string) => `${'['.repeat(20_000)}${leaf}${']'.repeat(20_000)}`;
    expect(() => jsonDifference(deep('1'), deep('2'))).not.toThrow();
  });
});

describe('the cause of an error', () => {
  it('is the same for errors that one remedy cures', () => {
    expect(causeOfError('customers', 'value-too-long', { field: 'name', value: 'one' })).toBe(
      'customers:value-too-long:name',
    );
    expect(causeOfError('customers', 'value-too-long', { field: 'name', value: 'another' })).toBe(
      'customers:value-too-long:name',
    );
    expect(
      causeOfError('customers', 'parent-not-coupled', { field: 'group', parent: 'groups', parentKey: ['7'] }),
    ).toBe('customers:parent-not-coupled:group:groups:["7"]');
    expect(
      causeOfError('customers', 'constraint-violated', { constraint: 'customer_email_key', values: ['a@x'] }),
    ).toBe('customers:constraint-violated:customer_email_key');
  });
  it('is never that of another mapping, code or field', () => {
    expect(causeOfError('a:b', 'c', {})).not.toBe(causeOfError('a', 'b:c', {}));
  });
});
