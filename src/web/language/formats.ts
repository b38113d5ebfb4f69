/** Dates, numbers and durations as the reader's language writes them. */
const MINUTE = 60;
const HOUR = 3_600;
const DAY = 86_400;

export interface Formats {
  readonly number: (value: number) => string;
  readonly percent: (share: number) => string;
  readonly dateTime: (iso: string) => string;
  readonly exactTime: (iso: string) => string;
  readonly hour: (iso: string) => string;
  readonly clock: (ms: number) => string;
  readonly ago: (iso: string, nowMs?: number) => string;
  readonly duration: (seconds: number) => string;
  readonly list: (items: readonly string[]) => string;
}

export function formatsOf(tag: string): Formats {
  const number = new Intl.NumberFormat(tag);
  const percent = new Intl.NumberFormat(tag, { style: 'percent', maximumFractionDigits: 1 });
  const dateTime = new Intl.DateTimeFormat(tag, { dateStyle: 'short', timeStyle: 'short' });
  const exact = new Intl.DateTimeFormat(tag, { dateStyle: 'full', timeStyle: 'long' });
  const clock = new Intl.DateTimeFormat(tag, { timeStyle: 'medium' });
  const hour = new Intl.DateTimeFormat(tag, { hour: 'numeric', minute: '2-digit' });
  const relative = new Intl.RelativeTimeFormat(tag, { numeric: 'auto' });
  const list = new Intl.ListFormat(tag);
  const unit = (name: string) => new Intl.NumberFormat(tag, { style: 'unit', unit: name, maximumFractionDigits: 1 });
  const units = { second: unit('second'), minute: unit('minute'), hour: unit('hour'), day: unit('day') };
  return {
    number: (value) => number.format(value),
    percent: (share) => percent.format(share),
    dateTime: (iso) => dateTime.format(new Date(iso)),
    exactTime: (iso) => exact.format(new Date(iso)),
    hour: (iso) => hour.format(new Date(iso)),
    clock: (ms) => clock.format(ms),
    ago: (iso, nowMs = Date.now()) => {
      const seconds = Math.round((Date.parse(iso) - nowMs) / 1_000);
      const [size, name] = unitOf(Math.abs(seconds));
      return relative.format(Math.round(seconds / size), name);
    },
    duration: (seconds) => {
      const [size, name] = unitOf(seconds);
      return units[name].format(seconds / size);
    },
    list: (items) => list.format(items),
  };
}

function unitOf(seconds: number): readonly [number, 'second' | 'minute' | 'hour' | 'day'] {
  if (seconds < MINUTE) return [1, 'second'];
  if (seconds < HOUR) return [MINUTE, 'minute'];
  return seconds < DAY ? [HOUR, 'hour'] : [DAY, 'day'];
}

/** Dates as in the reader's own country, where the browser names one for the language that is spoken. */
export const regionalTag = (language: string): string =>
  navigator.languages.find((tag) => tag.toLowerCase().startsWith(`${language}-`) && isKnownToIntl(tag)) ?? language;

/** A browser that is started without a language tells `en-US@posix`, which nothing can be formatted in. */
function isKnownToIntl(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length > 0;
  } catch {
    return false;
  }
}
