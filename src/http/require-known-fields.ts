/** A field that no mapping has is a misspelt one: the list would be empty, and everything would seem to be well. */
import type { MappingPresenter } from '../ports/mapping-presenter.ts';
import { unknownParameter } from './problem.ts';

export function requireKnownFields(
  presenter: MappingPresenter,
  mappings: readonly string[] | undefined,
  fields: readonly string[] | undefined,
  where: 'query' | 'body' = 'query',
  place: 'field' | 'fields' = 'field',
): void {
  if (fields === undefined) return;
  const asked = mappings ?? presenter.mappings.map(({ name }) => name);
  const known = asked.map((name) => presenter.mapping(name));
  // A mapping that is gone from the configuration keeps errors and log whose fields nobody can list any more.
  if (known.includes(null)) return;
  const names = new Set(known.flatMap((mapping) => mapping?.fields.map((field) => field.name) ?? []));
  for (const field of fields) {
    if (!names.has(field))
      throw unknownParameter(
        where,
        place,
        `${field} is no field of ${mappings?.join(', ') ?? 'any mapping'}`,
        nearest(field, names),
      );
  }
}

/** The same name in another case, or one that begins or ends alike. */
function nearest(field: string, names: ReadonlySet<string>): string | undefined {
  const lower = field.toLowerCase();
  return [...names].find((name) => {
    const other = name.toLowerCase();
    return other === lower || other.startsWith(lower) || lower.startsWith(other);
  });
}
