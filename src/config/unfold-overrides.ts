/** `hq.filter: …` of an override stands for `hq: { filter: … }`: an option may be named by its path. */
import type { Plain, PlainMap } from './parse-yaml.ts';
import { isPlainMap } from './parse-yaml.ts';

const OPTIONS = ['hq.filter', 'channel.filter', 'channel.table'] as const;

/** A copy in which overrides are nested. What is given both ways stays as it is, and is refused as a name too many. */
export function unfoldOverrides(plain: PlainMap): PlainMap {
  if (!isPlainMap(plain['channels'])) return plain;
  const channels = mapValues(plain['channels'], (channel) =>
    isPlainMap(channel) && isPlainMap(channel['overrides'])
      ? { ...channel, overrides: mapValues(channel['overrides'], unfold) }
      : channel,
  );
  return { ...plain, channels };
}

function unfold(override: Plain): Plain {
  if (!isPlainMap(override)) return override;
  const unfolded = { ...override };
  for (const name of OPTIONS) {
    const [side, option] = name.split('.') as [string, string];
    const given = unfolded[name];
    const nested = unfolded[side] ?? {};
    if (given === undefined || !isPlainMap(nested) || nested[option] !== undefined) continue;
    unfolded[side] = { ...nested, [option]: given };
    delete unfolded[name];
  }
  return unfolded;
}

const mapValues = (map: PlainMap, change: (value: Plain) => Plain): PlainMap =>
  Object.fromEntries(Object.entries(map).map(([name, value]) => [name, change(value)]));
