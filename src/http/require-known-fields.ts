/** A field that no mapping has is a misspelt one: the list would be empty, and everything would seem to be well. */
import type { MappingPresenter } from '../ports/mapping-presenter.ts';
import { Problem } from './problem.ts';

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
  const ofWhich = mappings?.join(', ') ?? 'any mapping';
  for (const field of fields)
    if (!names.has(field)) throw unknownField(field, ofWhich, where, place, nearest(field, names));
}

/** The contract gives it the code of an unknown parameter; the sentence says that the parameter is there and its value is not. */
function unknownField(
  field: string,
  ofWhich: string,
  where: 'query' | 'body',
  place: 'field' | 'fields',
  suggestion: string | undefined,
): Problem {
  const said = `${field} is no field of ${ofWhich}`;
  return new Problem('unknown-parameter', {
    params: { parameter: place, value: field, ...(suggestion !== undefined && { suggestion }) },
    errors: [{ in: where, pointer: `/${place}`, detail: said }],
    detail: suggestion === undefined ? said : `${said}; did you mean ${suggestion}?`,
  });
}

const LEAST_ALIKE = 3;

/** The same name in another case, or one that begins or ends alike. */
function nearest(field: string, names: ReadonlySet<string>): string | undefined {
  const lower = field.toLowerCase();
  return [...names].find((name) => {
    const other = name.toLowerCase();
    if (other === lower) return true;
    // Two letters in common are no likeness.
    const shorter = Math.min(other.length, lower.length);
    return shorter >= LEAST_ALIKE && (other.startsWith(lower) || lower.startsWith(other));
  });
}
