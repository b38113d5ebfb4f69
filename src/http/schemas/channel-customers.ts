/** The channel service: customers as a till or a web shop sends and sees them. */
import { z } from 'zod';
import { page, text } from './query.ts';
import { ParamsSchema, ValueSchema } from './words.ts';

const ValuesSchema = z.record(z.string(), ValueSchema).meta({
  id: 'CustomerValues',
  description: 'By field of the mapping of customers, in the form of the channel.',
  examples: [{ name: 'Ann Smith', email: 'ann@example.com' }],
});

/** Fields beside `key` and `deactivate`, or together under `values`. */
const PartSchema = z.record(z.string(), ValueSchema).meta({
  id: 'CustomerPart',
  description:
    'By field of the mapping of the part. Without `key` a new one, with `key` an edit, with `"deactivate": true` a ' +
    'deactivation. The fields may stand under `values` too.',
  examples: [
    { street: '12 Main Street', city: 'Houston' },
    { key: 17, street: '14 Main Street' },
    { key: 17, deactivate: true },
  ],
});

export const PART_NAMES = ['addresses', 'contacts', 'affiliations', 'attributes'] as const;

const parts = {
  addresses: z.array(PartSchema).max(500).optional(),
  contacts: z.array(PartSchema).max(500).optional(),
  affiliations: z.array(PartSchema).max(500).optional(),
  attributes: z.array(PartSchema).max(500).optional(),
};

export const CreateCustomerBodySchema = z.strictObject({ values: ValuesSchema, ...parts }).meta({
  id: 'CreateCustomerBody',
  examples: [{ values: { name: 'Ann Smith', email: 'ann@example.com' }, addresses: [{ street: '12 Main Street' }] }],
});
export const EditCustomerBodySchema = z
  .strictObject({ values: ValuesSchema.optional(), ...parts })
  .meta({ id: 'EditCustomerBody', examples: [{ values: { phone: '+1 713 555 0144' } }] });

const KnownPartSchema = z
  .record(z.string(), ValueSchema)
  .meta({ id: 'KnownCustomerPart', description: 'By field, with the `key` that the channel knows it by.' });

export const ChannelCustomerSchema = z
  .strictObject({
    customerAccount: z.string().nullable().meta({ description: 'The number; null until HQ has given one.' }),
    asyncCustomerAccount: z.string().nullable().meta({ description: 'The GUID, which names the customer for good.' }),
    displayAccount: z.string().meta({ description: 'What to show: the number, or `Pending sync`.' }),
    status: z.enum(['pending', 'synchronized', 'failed', 'conflict']),
    lastKnownError: z
      .strictObject({ code: z.string(), field: z.string().nullable(), params: ParamsSchema, message: z.string() })
      .nullable(),
    values: z.record(z.string(), ValueSchema),
    addresses: z.array(KnownPartSchema).optional(),
    contacts: z.array(KnownPartSchema).optional(),
    affiliations: z.array(KnownPartSchema).optional(),
    attributes: z.array(KnownPartSchema).optional(),
    ignored: z.array(z.string()).optional().meta({
      description:
        'Of a create or an edit: JSON pointers to the values of the body that were not taken, since their fields only come from HQ.',
    }),
  })
  .meta({
    id: 'ChannelCustomer',
    examples: [
      {
        customerAccount: null,
        asyncCustomerAccount: '4a8b0b0e-7a36-4c57-9a44-6c2b3e0a9d11',
        displayAccount: 'Pending sync',
        status: 'pending',
        lastKnownError: null,
        values: { name: 'Ann Smith' },
      },
    ],
  });

export const ChannelCustomerListSchema = z
  .strictObject({ items: z.array(ChannelCustomerSchema), nextCursor: z.string().nullable() })
  .meta({ id: 'ChannelCustomerList' });

export const SearchCustomersQuerySchema = z.strictObject({
  q: text.optional().meta({ description: 'Text that a value, the number or the GUID contains.' }),
  limit: page.limit,
  cursor: page.cursor,
});

export type ChannelCustomerDocument = z.infer<typeof ChannelCustomerSchema>;
