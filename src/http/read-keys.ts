/** Keys and values as callers send them, refused with the place where they stand. */
import { describeCode } from '../domain/describe-change.ts';
import type { Json, RecordKey, Side, Value } from '../domain/record.ts';
import type { KeyRead } from '../domain/value-json.ts';
import type { LanePresenter, MappingPresenter } from '../ports/mapping-presenter.ts';
import type { Lane } from '../ports/store.ts';
import { invalid, Problem } from './problem.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** What is no UUID is the id of nothing. */
export function requireId(
  id: string,
  code: 'error-not-found' | 'coupling-not-found' | 'job-not-found' | 'log-entry-not-found' | 'operation-not-found',
): string {
  if (!UUID.test(id)) throw new Problem(code);
  return id.toLowerCase();
}

export const isId = (id: string): boolean => UUID.test(id);

export function readKey(lane: LanePresenter, side: Side, json: unknown, pointer: string): RecordKey {
  const columns = lane.mapping?.[side].key.join(', ') ?? '';
  const shape = `be an object with every key column of ${side}${columns === '' ? '' : ` and no other: ${columns}`}`;
  return keyOrProblem(lane.keyFromJson(side, json as Json), 'body', pointer, shape);
}

export function keyOrProblem(read: KeyRead, where: 'body' | 'query', pointer: string, shape: string): RecordKey {
  if ('key' in read) return read.key;
  const place = read.column === null ? pointer : `${pointer}/${read.column}`;
  throw invalid(
    where,
    place,
    read.problem === null
      ? `must ${shape}`
      : describeCode(read.problem.code, { ...read.problem.params, field: read.column }),
  );
}

/**
 * `key=` of a list. Which form a key has depends on the mapping, so one mapping must be named (or be the only one); every
 * channel of it knows its records by the same columns. Null: no such key can exist, so the list is empty.
 */
export async function readKeyFilter(
  presenter: MappingPresenter,
  mappings: readonly string[] | undefined,
  channel: string | undefined,
  side: Side | undefined,
  texts: readonly string[] | undefined,
): Promise<RecordKey | null> {
  if (texts === undefined) return null;
  const names = mappings ?? presenter.mappings.map(({ name }) => name);
  const [mapping] = names;
  if (mapping === undefined || names.length > 1) return [...texts];
  const lane =
    presenter.lanes({ mapping, ...(channel !== undefined && { channel }) })[0] ?? presenter.lanes({ mapping })[0];
  if (lane === undefined) return [...texts];
  const known = await presenter.lane(lane);
  const sides: readonly Side[] = side === undefined ? ['hq', 'channel'] : [side];
  const reads = sides.map((candidate) => known.keyFromTexts(candidate, texts));
  const found = reads.find((read) => 'key' in read);
  const columns = sides.map((candidate) => `${candidate} ${known.mapping?.[candidate].key.join(', ') ?? ''}`);
  const shape = `be given once for every key column: ${columns.join('; ')}`;
  return keyOrProblem(found ?? (reads[0] as KeyRead), 'query', '/key', shape);
}

export function readValue(lane: LanePresenter, side: Side, field: string, json: unknown, pointer: string): Value {
  const read = lane.valueFromJson(side, field, json as Json);
  if (read === null)
    throw new Problem('unknown-field', {
      params: { field },
      errors: [{ in: 'body', pointer, detail: 'is no field of this side' }],
    });
  if ('value' in read) return read.value;
  throw invalid('body', pointer, describeCode(read.problem.code, { ...read.problem.params, field }));
}

/** The presenter of a lane that can be worked: one that is gone from the configuration is read-only. */
export async function requireConfigured(presenter: MappingPresenter, lane: Lane): Promise<LanePresenter> {
  const found = await presenter.lane(lane);
  if (found.mapping === null) throw new Problem('not-configured', { params: { ...lane } });
  return found;
}

/** Lanes of a mapping that a caller names, narrowed to a channel where one is named. */
export function requireLanes(
  presenter: MappingPresenter,
  mapping: string,
  channel: string | undefined,
): readonly Lane[] {
  if (presenter.mapping(mapping) === null) throw new Problem('mapping-not-found', { params: { mapping } });
  const lanes = presenter.lanes({ mapping, ...(channel !== undefined && { channel }) });
  if (lanes.length === 0) throw new Problem('channel-not-found', { params: { channel: channel ?? '' } });
  return lanes;
}
