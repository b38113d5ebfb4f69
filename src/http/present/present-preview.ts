/** What was or would be written; the engine gives it in the form of the API already. */
import type { z } from 'zod';
import { describeCode } from '../../domain/describe-change.ts';
import type { ActionResult, ForeseenError, WritePreview } from '../../ports/synchronizer.ts';
import type { PreviewSchema, WriteSchema } from '../schemas/words.ts';

type WriteDocument = z.infer<typeof WriteSchema>;

export const presentWrites = (writes: readonly WritePreview[]): WriteDocument[] =>
  writes.map(({ side, operation, key, fields }) => ({
    side,
    operation,
    key: key as WriteDocument['key'],
    fields: fields.map(({ name, old, new: now }) => ({ name, old, new: now })),
  }));

type PreviewDocument = z.infer<typeof PreviewSchema>;

export const presentPreview = (result: Pick<ActionResult, 'writes' | 'dependents' | 'errors'>): PreviewDocument => ({
  writes: presentWrites(result.writes),
  dependents: [...result.dependents],
  ...(result.errors && { errors: result.errors.map(presentForeseen) }),
});

const presentForeseen = (error: ForeseenError): NonNullable<PreviewDocument['errors']>[number] => ({
  ...error,
  hqKey: error.hqKey as WriteDocument['key'],
  channelKey: error.channelKey as WriteDocument['key'],
  message: describeCode(error.code, error.params),
});
