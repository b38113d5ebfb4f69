/** One customer operation as it is now. */
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { CustomerOperations } from '../ports/customer-operations.ts';
import { callerIn } from './authorize.ts';
import { presentOperations } from './present/present-operation.ts';
import { Problem } from './problem.ts';
import { requireId } from './read-keys.ts';
import type { CustomerOperationDocument } from './schemas/customer-operations.ts';
import type { ServerDeps } from './server-deps.ts';

export const idParams = z.object({ id: z.string().meta({ format: 'uuid' }) });

export async function documentOf(
  { presenter }: ServerDeps,
  operations: CustomerOperations,
  request: FastifyRequest,
  id: string,
): Promise<CustomerOperationDocument> {
  const operation = await operations.byId(requireId(id, 'operation-not-found'));
  if (operation === null) throw new Problem('operation-not-found');
  const [document] = await presentOperations(presenter, operations, [operation], callerIn(request));
  if (document === undefined) throw new Problem('operation-not-found');
  return document;
}
