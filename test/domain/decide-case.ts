/** One pair in a few words, decided and summed up, for tests that read like sentences. */
import { decide } from '../../src/domain/decide.ts';
import type { Field, Mapping } from '../../src/domain/mapping.ts';
import type { BaseState, DecideOptions, SideNow } from '../../src/domain/pair.ts';
import type { Value } from '../../src/domain/record.ts';
import {
  makeBase,
  makeField,
  makeMapping,
  makePrepared,
  pairNow,
  run,
  sideNow,
  summary,
  translatorOf,
} from './prepared-fixture.ts';

export interface Case {
  readonly fields?: readonly Field[];
  readonly mapping?: Partial<Mapping>;
  /** Both sides of the base alike, unless `channelBase` says otherwise; null: a new pair. */
  readonly base?: readonly Value[] | null;
  readonly channelBase?: readonly Value[];
  readonly states?: readonly BaseState[];
  readonly hq: readonly Value[] | null;
  readonly channel: readonly Value[] | null;
  readonly hqNow?: Partial<SideNow>;
  readonly channelNow?: Partial<SideNow>;
  readonly options?: Partial<DecideOptions>;
  readonly parents?: Readonly<Record<string, string>>;
  readonly circular?: readonly string[];
}

export const NAME_AND_MAIL = [makeField('name'), makeField('mail')];

export function decideCase(given: Case): Record<string, unknown> {
  const mapping = makeMapping(given.fields ?? NAME_AND_MAIL, given.mapping);
  const prepared = makePrepared(mapping, {}, given.circular);
  const { base = null } = given;
  const now = pairNow(
    base === null ? null : makeBase(base, given.channelBase ?? base, given.states ?? null),
    sideNow(given.hq, given.hqNow),
    sideNow(given.channel, given.channelNow),
  );
  const translator = translatorOf(prepared, (_, __, parts) => {
    const partner = given.parents?.[parts[0] ?? ''];
    return partner === undefined ? null : [partner];
  });
  return summary(prepared, decide(prepared, now, translator, run(given.options)));
}
