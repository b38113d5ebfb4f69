/** The name of a row that its channel still holds. */
import { expect, test } from 'vitest';
import { waitingId, waitingPlace } from '../../src/commerce/waiting-id.ts';

test('the id of a waiting operation is a UUID and leads to its place, however high the counter', () => {
  const channels = ['houston', 'online'];
  for (const channel of channels)
    for (const part of ['customers', 'attributes'] as const)
      for (const counter of ['1', '4611686018427387904', '9223372036854775807', '-9223372036854775808', '-1']) {
        const id = waitingId({ channel, part, counter });
        expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
        expect(waitingPlace(id, channels)).toEqual({ channel, part, counter });
        expect(waitingPlace(id, ['elsewhere'])).toBe(null);
      }
  expect(waitingPlace('0199d0c5-5f3a-7b7e-9c52-1f4a3f1f8a55', channels)).toBe(null);
});
