/** Who somebody is, and signing in. */
import { z } from 'zod';
import { ROLES } from '../../domain/terms.ts';

export const RoleSchema = z.enum(ROLES).meta({ id: 'Role' });

export const MeSchema = z
  .strictObject({
    actor: z.string(),
    role: RoleSchema,
    channel: z.string().nullable().meta({ description: 'The one channel of a caller of the role `channel`.' }),
  })
  .meta({ id: 'Me' });

export const SignInBodySchema = z
  .strictObject({
    apiKey: z.string().min(1).max(500).optional(),
    token: z.string().min(1).max(20_000).optional().meta({ description: 'A token of the OpenID Connect provider.' }),
  })
  .meta({ id: 'SignIn', examples: [{ apiKey: 'cpl_…' }] });

export const SignInWaysSchema = z
  .strictObject({
    apiKey: z.boolean(),
    token: z.boolean().meta({ description: 'A token of the OpenID Connect provider.' }),
    redirect: z.boolean().meta({ description: 'The page may send people to the provider: `/api/v1/session/oidc`.' }),
  })
  .meta({ id: 'SignInWays', examples: [{ apiKey: true, token: true, redirect: false }] });

export type SignInWays = z.infer<typeof SignInWaysSchema>;
export type Me = z.infer<typeof MeSchema>;
