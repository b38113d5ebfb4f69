import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { JsonSchema } from '../../src/config/json-schema.ts';
import { allowedNames, configurationJsonSchema } from '../../src/config/json-schema.ts';

describe('the published schema', () => {
  it('is the one of this program (node src/config/write-json-schema.ts writes it)', () => {
    const published: unknown = JSON.parse(readFileSync(new URL('../../couplet.schema.json', import.meta.url), 'utf8'));
    expect(published).toEqual(JSON.parse(JSON.stringify(configurationJsonSchema())));
  });

  it('describes every option, so that editors can show it', () => {
    const bare: string[] = [];
    const visit = (schema: JsonSchema & { readonly description?: string }, path: string): void => {
      for (const [name, inner] of Object.entries(schema.properties ?? {})) {
        if (!('description' in inner)) bare.push(`${path}.${name}`);
        visit(inner, `${path}.${name}`);
      }
      for (const inner of schema.anyOf ?? []) visit(inner, path);
      if (typeof schema.additionalProperties === 'object') visit(schema.additionalProperties, `${path}.*`);
      if (schema.items !== undefined && !('length' in schema.items)) visit(schema.items, `${path}[]`);
    };
    visit(configurationJsonSchema(), '');
    expect(bare).toEqual([]);
  });

  it('tells which names are allowed at a place', () => {
    expect(allowedNames(['mappings', 'any', 'conflicts'])).toEqual(['detect', 'resolve']);
    expect(allowedNames(['mappings', 'any', 'deletions'])).toEqual(['inHq', 'inChannel']);
    expect(allowedNames(['mappings', 'any', 'match', 3])).toEqual(['fields', 'caseSensitive']);
    expect(allowedNames(['nothing', 'here'])).toEqual([]);
  });
});
