/** The configuration's JSON Schema: published for editors, and asked for the names that are allowed at a place. */
import { z } from 'zod';
import type { Path } from './problem.ts';
import { configurationSchema } from './schema.ts';

export interface JsonSchema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema | readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
}

/** Draft 7, which every editor knows. */
export const configurationJsonSchema = (): JsonSchema =>
  z.toJSONSchema(configurationSchema, { io: 'input', target: 'draft-7', unrepresentable: 'any' }) as JsonSchema;

let known: JsonSchema | null = null;

/** The names that may stand in the map at this path; empty where any name may, or none. */
export function allowedNames(path: Path): readonly string[] {
  known ??= configurationJsonSchema();
  let schemas: readonly JsonSchema[] = alternativesOf(known);
  for (const part of path) schemas = schemas.flatMap((schema) => inside(schema, part)).flatMap(alternativesOf);
  return [...new Set(schemas.flatMap(({ properties }) => Object.keys(properties ?? {})))];
}

const alternativesOf = (schema: JsonSchema): readonly JsonSchema[] => schema.anyOf?.flatMap(alternativesOf) ?? [schema];

function inside(schema: JsonSchema, part: string | number): readonly JsonSchema[] {
  if (typeof part === 'number') {
    const items = schema.items;
    if (items === undefined) return [];
    return 'length' in items ? items.slice(part, part + 1) : [items];
  }
  const property = Object.hasOwn(schema.properties ?? {}, part) ? schema.properties?.[part] : undefined;
  if (property !== undefined) return [property];
  return typeof schema.additionalProperties === 'object' ? [schema.additionalProperties] : [];
}
