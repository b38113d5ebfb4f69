/** Pairs to be coupled, from JSON or CSV, with every bad row named. */
import type { Json, RecordKey, Side } from '../domain/record.ts';
import { SIDES } from '../domain/record.ts';
import type { LanePresenter } from '../ports/mapping-presenter.ts';
import { parseCsv } from './csv.ts';
import { invalid } from './problem.ts';
import { readKey } from './read-keys.ts';

interface GivenPair {
  readonly hqKey: unknown;
  readonly channelKey: unknown;
  readonly winner?: Side | undefined;
}

const MOST_PAIRS = 100_000;

export function readPairs(lane: LanePresenter, given: string | readonly GivenPair[]): Json {
  const pairs = typeof given === 'string' ? pairsOfCsv(lane, given) : given;
  return pairs.map((pair, at) => ({
    hqKey: [...readPairKey(lane, 'hq', pair.hqKey, at)],
    channelKey: [...readPairKey(lane, 'channel', pair.channelKey, at)],
    winner: pair.winner ?? null,
  }));
}

const readPairKey = (lane: LanePresenter, side: Side, json: unknown, at: number): RecordKey =>
  readKey(lane, side, json, `/pairs/${at}/${side}Key`);

function pairsOfCsv(lane: LanePresenter, text: string): readonly GivenPair[] {
  const parsed = parseCsv(text);
  if (parsed === null) throw invalid('body', '', 'is CSV with a quote that does not close');
  const { header, rows } = parsed;
  if (rows.length === 0 || rows.length > MOST_PAIRS)
    throw invalid('body', '', `must have 1 to ${MOST_PAIRS} rows below its header`);
  const readers = { hq: cellReader(lane, 'hq', header), channel: cellReader(lane, 'channel', header) };
  const winnerAt = header.indexOf('winner');
  return rows.map((row, at) => {
    const winner = winnerAt < 0 ? '' : (row[winnerAt] ?? '');
    if (winner !== '' && winner !== 'hq' && winner !== 'channel')
      throw invalid('body', `/pairs/${at}/winner`, 'must be hq, channel or empty');
    const [hqKey, channelKey] = SIDES.map((side) => readers[side](row));
    return { hqKey, channelKey, winner: winner === '' ? undefined : winner };
  });
}

/** `hqKey` holds the one key column, or the key as JSON; `hqKey.COLUMN` one column of it. */
function cellReader(lane: LanePresenter, side: Side, header: readonly string[]): (row: readonly string[]) => unknown {
  const columns = lane.mapping?.[side].key ?? [];
  const whole = header.indexOf(`${side}Key`);
  if (whole >= 0) {
    return (row) => {
      const cell = row[whole] ?? '';
      const [column] = columns;
      if (columns.length === 1 && column !== undefined && !cell.startsWith('{')) return { [column]: cell };
      return jsonOf(cell);
    };
  }
  const places = columns.map((column) => header.indexOf(`${side}Key.${column}`));
  if (places.some((place) => place < 0)) {
    throw invalid(
      'body',
      '',
      `needs a column ${side}Key, or ${columns.map((column) => `${side}Key.${column}`).join(', ')}`,
    );
  }
  return (row) => Object.fromEntries(columns.map((column, at) => [column, row[places[at] ?? -1] ?? '']));
}

function jsonOf(cell: string): unknown {
  try {
    return JSON.parse(cell) as unknown;
  } catch {
    return null;
  }
}
