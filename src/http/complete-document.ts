/** What the generator cannot know of the routes: headers that every POST takes, bodies that may be left out, unused parts. */

interface Schema {
  readonly required?: readonly string[];
  readonly $ref?: string;
  readonly type?: string;
  readonly anyOf?: readonly Schema[];
}

interface Parameter {
  readonly name: string;
  readonly in: 'query' | 'path' | 'header';
  readonly required?: boolean;
  readonly description?: string;
  readonly schema: object;
}

interface Operation {
  parameters?: Parameter[];
  requestBody?: { required?: boolean; content: Record<string, { schema: Schema }> };
  responses?: Record<string, { description?: string }>;
}

interface ApiDocument {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}

const IDEMPOTENCY_KEY: Parameter = {
  name: 'Idempotency-Key',
  in: 'header',
  description: 'Kept for 24 hours: the same request again gets the first answer again.',
  schema: { type: 'string', maxLength: 255 },
};
const PREFER: Parameter = {
  name: 'Prefer',
  in: 'header',
  description: '`wait=30` waits up to that many seconds for the job to finish.',
  schema: { type: 'string', examples: ['wait=30'] },
};
const IF_MATCH: Parameter = {
  name: 'If-Match',
  in: 'header',
  description: 'The ETag that was seen, or `*` for whatever holds now.',
  schema: { type: 'string' },
};

export function completeDocument(document: ApiDocument): ApiDocument {
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(operations)) complete(document, path, method, operation);
  }
  const used = { ...document, components: { ...document.components, schemas: usedSchemas(document) } };
  return nameSchemasOnce(used);
}

function complete(document: ApiDocument, path: string, method: string, operation: Operation): void {
  const parameters: Parameter[] = [...(operation.parameters ?? [])];
  if (method === 'post') parameters.push(IDEMPOTENCY_KEY);
  if (operation.responses?.['202'] !== undefined) parameters.push(PREFER);
  if (method === 'post' && path.endsWith('/synchronization-errors/{id}/{action}')) parameters.push(IF_MATCH);
  if (method === 'patch' && path.endsWith('/customer-operations/{id}'))
    parameters.push({ ...IF_MATCH, required: true });
  if (parameters.length > 0) operation.parameters = parameters;
  for (const [status, response] of Object.entries(operation.responses ?? {})) {
    if (response.description === 'Default Response') response.description = DESCRIPTIONS[status] ?? 'Done.';
  }
  const body = operation.requestBody;
  if (body !== undefined) {
    offerText(body.content);
    body.required = Object.values(body.content).every(({ schema }) => mustBeGiven(document, schema));
  }
}

const DESCRIPTIONS: Readonly<Record<string, string>> = {
  '200': 'Done.',
  '201': 'Made; `Location` has its address.',
  '202': 'Accepted: the job, at `Location`.',
  '503': 'It cannot work now.',
};

/** A body that may also be text is text of another type: CSV. */
function offerText(content: Record<string, { schema: Schema }>): void {
  const choices = content['application/json']?.schema.anyOf;
  const structured = choices?.find(({ type }) => type !== 'string');
  if (choices === undefined || structured === undefined || !choices.some(({ type }) => type === 'string')) return;
  content['application/json'] = { schema: structured };
  content['text/csv'] = { schema: { type: 'string' } };
}

/**
 * The generator gives every named schema once for requests (`SideInput`) and once for answers (`Side`). Where they say
 * the same, or only one of them is used, the plain name is enough.
 */
function nameSchemasOnce(document: ApiDocument): ApiDocument {
  const { schemas } = document.components;
  const plain = (text: string): string => text.replaceAll(/(#\/components\/schemas\/\w+?)Input"/g, '$1"');
  const renamed = new Set(
    Object.keys(schemas).filter((name) => {
      const other = schemas[name.slice(0, -INPUT.length)];
      if (!name.endsWith(INPUT)) return false;
      return other === undefined || plain(JSON.stringify(other)) === plain(JSON.stringify(schemas[name]));
    }),
  );
  const text = JSON.stringify(document).replaceAll(/#\/components\/schemas\/(\w+)"/g, (whole, name: string) =>
    renamed.has(name) ? `#/components/schemas/${name.slice(0, -INPUT.length)}"` : whole,
  );
  const result = JSON.parse(text) as ApiDocument;
  const named = Object.entries(result.components.schemas).map(
    ([name, schema]) => [renamed.has(name) ? name.slice(0, -INPUT.length) : name, schema] as const,
  );
  result.components.schemas = Object.fromEntries(named.toSorted(([a], [b]) => (a < b ? -1 : 1)));
  return result;
}

const INPUT = 'Input';

/** A body whose members may all be left out may itself be left out. */
function mustBeGiven(document: ApiDocument, schema: Schema): boolean {
  const name = schema.$ref?.split('/').at(-1);
  const found = name === undefined ? schema : document.components.schemas[name];
  if (found?.anyOf !== undefined) return found.anyOf.every((inner) => mustBeGiven(document, inner));
  return (found?.required?.length ?? 0) > 0;
}

/** Every named schema exists once for requests and once for answers; those that nothing refers to only confuse. */
function usedSchemas(document: ApiDocument): Record<string, Schema> {
  const used = new Set<string>();
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(visit);
    else if (typeof value === 'object' && value !== null) {
      for (const [key, inner] of Object.entries(value)) {
        if (key === '$ref' && typeof inner === 'string') {
          const name = inner.split('/').at(-1) ?? '';
          if (used.has(name)) continue;
          used.add(name);
          visit(document.components.schemas[name]);
        } else visit(inner);
      }
    }
  };
  visit(document.paths);
  return Object.fromEntries(Object.entries(document.components.schemas).filter(([name]) => used.has(name)));
}
