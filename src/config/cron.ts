/** Tells what is wrong with a cron line before a scheduler gets it. Five fields, as crontab has them. */
import { alternatives } from './problem.ts';
import { suggestName } from './suggest.ts';

interface CronField {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  /** Names that stand for numbers, from `min` on. */
  readonly names: readonly string[];
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

const FIELDS: readonly CronField[] = [
  { name: 'minute', min: 0, max: 59, names: [] },
  { name: 'hour', min: 0, max: 23, names: [] },
  { name: 'day of the month', min: 1, max: 31, names: [] },
  { name: 'month', min: 1, max: 12, names: MONTHS },
  { name: 'day of the week', min: 0, max: 7, names: DAYS },
];

const LONGEST_MONTH_DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** What is wrong, in words; null when the line is sound. */
export function cronProblem(line: string): string | null {
  const parts = line.trim().split(/\s+/);
  if (parts.length !== FIELDS.length) {
    const seconds = parts.length === 6 ? ' (seconds are not offered: use "every 30s")' : '';
    return `a cron line has five fields (minute, hour, day, month, weekday), this one has ${parts.length}${seconds}`;
  }
  const sets: ReadonlySet<number>[] = [];
  for (const [index, field] of FIELDS.entries()) {
    const values = valuesOf(parts[index] ?? '', field);
    if (typeof values === 'string') return values;
    sets.push(values);
  }
  const [, , days, months] = sets;
  // With a weekday besides, cron takes either, so only the day alone can be impossible.
  const possible = [...(months ?? [])].some((month) =>
    [...(days ?? [])].some((day) => day <= (LONGEST_MONTH_DAYS[month - 1] ?? 0)),
  );
  return possible || parts[4] !== '*' ? null : 'that day does not exist in that month, so it would never run';
}

function valuesOf(text: string, field: CronField): ReadonlySet<number> | string {
  const values = new Set<number>();
  for (const part of text.split(',')) {
    const match = /^(?:(\*)|([a-z0-9]+)(?:-([a-z0-9]+))?)(?:\/(\d+))?$/i.exec(part);
    if (match === null) return `"${part}" is not a ${field.name}: a number, a range a-b, *, or one of these with /step`;
    const [, star, first = '', last, stepText] = match;
    const from = star === undefined ? numberOf(first, field) : field.min;
    const to = lastOf(star, first, last, stepText, field);
    if (typeof from === 'string') return from;
    if (typeof to === 'string') return to;
    const step = stepText === undefined ? 1 : Number(stepText);
    if (step < 1) return `the step of the ${field.name} must be at least 1`;
    if (from > to) return `the range ${first}-${last} of the ${field.name} runs backwards`;
    for (let value = from; value <= to; value += step) values.add(value);
  }
  return values;
}

function lastOf(
  star: string | undefined,
  first: string,
  last: string | undefined,
  step: string | undefined,
  field: CronField,
): number | string {
  if (last !== undefined) return numberOf(last, field);
  return star !== undefined || step !== undefined ? field.max : numberOf(first, field);
}

function numberOf(text: string, field: CronField): number | string {
  if (/^\d+$/.test(text)) {
    const value = Number(text);
    if (value >= field.min && value <= field.max) return value;
    return `the ${field.name} must be from ${field.min} to ${field.max}, not ${text}`;
  }
  const index = field.names.indexOf(text.toLowerCase());
  if (index >= 0) return index + field.min;
  const suggestion = suggestName(text, field.names);
  const meant = suggestion === null ? '' : `; did you mean ${suggestion}?`;
  const names = field.names.length > 0 ? ` or one of ${alternatives(field.names)}` : '';
  return `"${text}" is not a ${field.name}: a number from ${field.min} to ${field.max}${names}${meant}`;
}
