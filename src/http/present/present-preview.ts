/** What was or would be written; the engine gives it in the form of the API already. */
import type { z } from 'zod';
import type { ActionResult, WritePreview } from '../../ports/synchronizer.ts';
import type { PreviewSchema, WriteSchema } from '../schemas/words.ts';

type WriteDocument = z.infer<typeof WriteSchema>;

export const presentWrites = (writes: readonly WritePreview[]): WriteDocument[] =>
  writes.map(({ side, operation, key, fields }) => ({
    side,
    operation,
    key: key as WriteDocument['key'],
    fields: fields.map(({ name, old, new: now }) => ({ name, old, new: now })),
  }));

export const presentPreview = (result: Pick<ActionResult, 'writes' | 'dependents'>): z.infer<typeof PreviewSchema> => ({
  writes: presentWrites(result.writes),
  dependents: [...result.dependents],
});
