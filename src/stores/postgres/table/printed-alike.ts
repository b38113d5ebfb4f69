/**
 * Whether a column prints a value exactly as it was given, so that what COPY has written is known without reading it.
 * Said only of forms that are sure; for everything else the row is read.
 */
import type { Value } from '../../../domain/record.ts';
import type { StoreColumn } from './column-types.ts';

const WHOLE = /^(?:0|-?[1-9]\d*)$/;
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.(\d+))?$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const DATE = /^[1-9]\d{3}-\d\d-\d\d$/;
const TIMESTAMP = /^[1-9]\d{3}-\d\d-\d\d (?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{0,5}[1-9])?(\+00)?$/;

export function printedAlike({ type, cast }: Pick<StoreColumn, 'type' | 'cast'>, value: Value): boolean {
  if (value === null) return true;
  switch (type.kind) {
    case 'text':
      // Of the others of this kind, "char" and name are cut; blanks beyond a limit are, too.
      return (
        cast === '"pg_catalog"."text"' ||
        (cast === '"pg_catalog"."varchar"' && value.length <= (type.maxLength ?? Infinity))
      );
    case 'integer':
    case 'bigint':
      return WHOLE.test(value);
    case 'numeric':
      return isNumberOf(value, type.scale);
    case 'boolean':
      return value === 'true' || value === 'false';
    case 'uuid':
      return UUID.test(value);
    case 'date':
      return DATE.test(value);
    case 'timestamp':
    case 'timestamptz': {
      const match = TIMESTAMP.exec(value);
      return type.scale === null && match !== null && (match[1] !== undefined) === (type.kind === 'timestamptz');
    }
    default:
      return false;
  }
}

/** A scale pads with zeros and rounds. Zero has no sign. */
function isNumberOf(value: string, scale: number | null): boolean {
  const match = NUMBER.exec(value);
  if (match === null || (value.startsWith('-') && !/[1-9]/.test(value))) return false;
  return scale === null || (scale >= 0 && (match[1]?.length ?? 0) === scale);
}
