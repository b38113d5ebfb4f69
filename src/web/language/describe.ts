/** Sentences about errors and changes in the reader's language, from the codes and parameters that the API gives. */
import type { ErrorCode } from '../../errors/catalogue.ts';
import { networkReasonOf } from '../../errors/network-reasons.ts';
import type { LogEntryDocument } from '../../http/schemas/synchronization-log.ts';
import { plainValue } from '../parts/value-text.ts';
import type { PageTexts, RemediedCode, SetUpCode } from './en.ts';
import { formatsOf, regionalTag } from './formats.ts';

type Params = Readonly<Record<string, unknown>>;

const SIDES: ReadonlySet<string> = new Set(['side', 'deletedIn', 'changedIn', 'replacedIn']);

/** Keys of records, which the API gives by column. */
const KEYS: ReadonlySet<string> = new Set(['key', 'partner']);

/** `english` is the API's own sentence, which also stands for a code that this page does not know. */
export function describe(t: PageTexts, code: string | null, params: Params | null, english: string): string {
  const template = code === null ? undefined : t.codes?.[code as ErrorCode];
  return template === undefined ? readable(t, english, params ?? {}) : fill(t, template, params ?? {});
}

/** Moments of Couplet's own, which the API gives as ISO 8601; a value of a record that looks like one stays as it is. */
const MOMENTS: ReadonlySet<string> = new Set(['until']);

const momentText = (t: PageTexts, iso: string): string =>
  Number.isNaN(Date.parse(iso)) ? iso : formatsOf(regionalTag(t.tag)).dateTime(iso);

/** The API's sentence for people who read no ISO times. */
function readable(t: PageTexts, english: string, params: Params): string {
  const moments = Object.entries(params).filter(([name]) => MOMENTS.has(name));
  return moments.reduce(
    (text, [, iso]) => (typeof iso === 'string' ? text.replaceAll(iso, momentText(t, iso)) : text),
    english,
  );
}

export const remedyOf = (t: PageTexts, code: string): string | null =>
  Object.hasOwn(t.remedies, code) ? t.remedies[code as RemediedCode].replaceAll('`', '') : null;

/** Of a problem of set-up; `english` is the API's, which stands for whatever has no translation. */
export function setUpRemedyOf(t: PageTexts, { code, params, remedy: english }: SetUpProblem) {
  const template = t.setUpRemedies?.[code as SetUpCode];
  const text = template === undefined ? remedyOf(t, code) : fill(t, template, params);
  return text === null
    ? { text: english?.replaceAll('`', '') ?? null, inEnglish: true }
    : { text: text.replaceAll('`', ''), inEnglish: false };
}

interface SetUpProblem {
  readonly code: string;
  readonly params: Params;
  readonly remedy: string | null;
}

/** As in the catalogue: `{name}` is a parameter, and square brackets go when one of theirs is missing. */
function fill(t: PageTexts, template: string, params: Params): string {
  const known = (name: string): string | null => paramText(t, name, params);
  const complete = template.replace(/\[([^\]]*)\]/g, (_, group: string) =>
    [...group.matchAll(/\{(\w+)\}/g)].every((match) => known(match[1] ?? '') !== null) ? group : '',
  );
  const text = complete.replace(/\{(\w+)\}/g, (_, name: string) => known(name) ?? '…');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function paramText(t: PageTexts, name: string, params: Params): string | null {
  const value = name === 'field' ? (severalFields(params) ?? params['field'] ?? params['column']) : params[name];
  if (value === undefined || value === null) return null;
  if (SIDES.has(name) && (value === 'hq' || value === 'channel')) return t.words.sides[value];
  if (MOMENTS.has(name) && typeof value === 'string') return momentText(t, value);
  if (name === 'reason' && typeof value === 'string') return reasonText(t, value);
  if (KEYS.has(name) && typeof value === 'object') return Object.values(value).map(plainValue).join(', ');
  // Nothing to name: what the sentence would say of it is left out.
  if (Array.isArray(value)) return value.length === 0 ? null : value.map((one) => plainValue(one)).join(', ');
  return plainValue(value);
}

function reasonText(t: PageTexts, code: string): string {
  const reason = networkReasonOf(code);
  return (reason && t.reasons?.[reason]) ?? code;
}

const severalFields = (params: Params): unknown =>
  Array.isArray(params['fields']) && params['fields'].length > 1 ? params['fields'] : null;

/** The heading of a log entry; its changes stand below it as a table. */
export function describeEntry(t: PageTexts, entry: LogEntryDocument): string {
  const { action, code, params, direction } = entry;
  const where = direction === null ? null : t.words.sides[direction === 'toHq' ? 'hq' : 'channel'];
  const name = t.log.actions[action];
  if (action === 'resolved') {
    const known = code !== null && Object.hasOwn(t.actions, code) ? t.actions[code as 'retry'] : null;
    return known === null ? name : t.log.resolvedWith(known);
  }
  if (action === 'conflict' || action === 'deletion' || action === 'failed')
    return code === null ? name : describe(t, code, params, entry.description);
  return where === null ? name : t.log.inSide(name, where);
}
