/**
 * Bases are stored as bare lists of values; a layout says which fields they belong to. When the fields of a mapping
 * change, no base is rewritten: it is brought to the new layout when it is loaded next. A field keeps its values if
 * name and fingerprint are the same; any other has state `none`, as if it had never agreed.
 */
import { createHash } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { eq } from 'drizzle-orm';
import type { Base, BaseState } from '../../domain/pair.ts';
import type { Value } from '../../domain/record.ts';
import { lane as laneTable, layout as layoutTable } from '../schema/lanes.ts';
import type { Clients } from '../session/connect.ts';
import { query } from '../session/connect.ts';

export interface LayoutField {
  readonly name: string;
  readonly fingerprint: string;
}

export interface StoredBase {
  readonly hq: string;
  readonly channel: string;
  readonly states: string | null;
}

export interface Layouts {
  ensure(
    laneId: number,
    fields: readonly LayoutField[],
  ): Promise<{ readonly layoutId: number; readonly changed: boolean }>;
  /** The layout that this process works the lane with; another process may already have a newer configuration. */
  currentOf(laneId: number): Promise<number | null>;
  fieldsOf(layoutId: number): Promise<readonly LayoutField[]>;
  /** A function that brings bases of one layout to another; made once per pair of layouts. */
  projection(from: number, to: number): Promise<(base: Base) => Base>;
}

const FRESH_MS = 1_000;

export const createLayouts = (clients: Clients): Layouts => {
  const current = new Map<number, number>();
  // Of lanes that this process only shows: as of a second ago at most.
  const others = new Map<number, { readonly layoutId: number | null; readonly readAt: number }>();
  const fields = new Map<number, readonly LayoutField[]>();
  const projections = new Map<string, (base: Base) => Base>();

  const fieldsOf = async (layoutId: number): Promise<readonly LayoutField[]> => {
    const known = fields.get(layoutId);
    if (known !== undefined) return known;
    const [row] = await clients.orm
      .select({ fields: layoutTable.fields })
      .from(layoutTable)
      .where(eq(layoutTable.id, layoutId));
    if (row === undefined) throw new Error(`There is no layout number ${layoutId}.`);
    const found = row.fields as readonly LayoutField[];
    fields.set(layoutId, found);
    return found;
  };

  return {
    ensure: async (laneId, wanted) => {
      const layoutId = await ensureLayoutRow(clients, wanted);
      const [before] = await query<{ layout_id: number | null }>(
        clients.raw,
        `with before as (select id, layout_id from couplet.lane where id = $1),
              change as (update couplet.lane l set layout_id = $2 from before b
                          where l.id = b.id and b.layout_id is distinct from $2)
         select layout_id from before`,
        [laneId, layoutId],
      );
      current.set(laneId, layoutId);
      fields.set(layoutId, wanted);
      const former = before?.layout_id ?? null;
      return { layoutId, changed: former !== null && former !== layoutId };
    },
    currentOf: async (laneId) => {
      const own = current.get(laneId);
      if (own !== undefined) return own;
      const known = others.get(laneId);
      if (known !== undefined && performance.now() - known.readAt < FRESH_MS) return known.layoutId;
      const [row] = await clients.orm
        .select({ layoutId: laneTable.layoutId })
        .from(laneTable)
        .where(eq(laneTable.id, laneId));
      const layoutId = row?.layoutId ?? null;
      others.set(laneId, { layoutId, readAt: performance.now() });
      return layoutId;
    },
    fieldsOf,
    projection: async (from, to) => {
      const name = `${from}>${to}`;
      const known = projections.get(name);
      if (known !== undefined) return known;
      const made = from === to ? (base: Base) => base : projectBase(await fieldsOf(from), await fieldsOf(to));
      projections.set(name, made);
      return made;
    },
  };
};

const ensureLayoutRow = async (clients: Clients, fields: readonly LayoutField[]): Promise<number> => {
  const list = fields.map(({ name, fingerprint }) => ({ name, fingerprint }));
  const fingerprint = createHash('sha256').update(JSON.stringify(list)).digest('hex');
  await clients.orm.insert(layoutTable).values({ fingerprint, fields: list }).onConflictDoNothing();
  const [row] = await clients.orm
    .select({ id: layoutTable.id })
    .from(layoutTable)
    .where(eq(layoutTable.fingerprint, fingerprint));
  if (row === undefined) throw new Error('A layout was made and cannot be found.');
  return row.id;
};

export const projectBase = (from: readonly LayoutField[], to: readonly LayoutField[]): ((base: Base) => Base) => {
  const sources = to.map((field) =>
    from.findIndex((candidate) => candidate.name === field.name && candidate.fingerprint === field.fingerprint),
  );
  const complete = sources.every((index) => index >= 0);
  return (base) => {
    const pick = (values: readonly Value[]): Value[] =>
      sources.map((index) => (index < 0 ? null : (values[index] ?? null)));
    const states =
      complete && base.states === null
        ? null
        : sources.map((index): BaseState => (index < 0 ? 'none' : (base.states?.[index] ?? 'known')));
    return {
      hq: pick(base.hq),
      channel: pick(base.channel),
      states: states === null || states.every((state) => state === 'known') ? null : states,
    };
  };
};

export const storeBase = (base: Base): StoredBase => ({
  hq: JSON.stringify(base.hq),
  channel: JSON.stringify(base.channel),
  states: base.states === null ? null : JSON.stringify(base.states),
});

export const loadBase = (stored: StoredBase): Base => ({
  hq: JSON.parse(stored.hq) as Value[],
  channel: JSON.parse(stored.channel) as Value[],
  states: stored.states === null ? null : (JSON.parse(stored.states) as BaseState[]),
});
