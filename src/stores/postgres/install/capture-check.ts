/**
 * Whether the watched tables are still what was installed and accepted: what was changed while a trigger was off, or
 * in a table that took another's place, left no mark. Asked with every window, after its marks were read, so that an
 * answer without differences holds for everything the window could have seen.
 */

/** One item per installed table, with both descriptions where they differ. */
export const CAPTURE_CHECK = `
  (select json_agg(json_build_object('tableId', i.table_id, 'schema', i.schema_name, 'name', i.table_name, 'keys', i.keys,
      'members', (select json_agg(m.member -> 'oid') from jsonb_array_elements(s.description) m (member)), 'changed', d.changed, 'accepted', case when d.changed then i.description end, 'now', case when d.changed then s.description end))::text
    from couplet.installed i
    left join couplet.state s on s.table_id = i.table_id
    cross join lateral (select i.description is null or s.description is distinct from i.description as changed) d)`;

export interface CheckedTable {
  readonly tableId: number;
  readonly schema: string;
  readonly name: string;
  readonly keys: readonly (readonly string[])[];
  /** OIDs of the relations that hold its rows, its own first; null while there is no such table. */
  readonly members: readonly number[] | null;
  readonly changed: boolean;
  readonly accepted: readonly MemberState[] | null;
  readonly now: readonly MemberState[] | null;
}

/** A relation of the table as the view `couplet.state` describes it; the table itself stands first. */
export interface MemberState {
  readonly schema: string;
  readonly name: string;
  readonly oid: number;
  readonly file: number;
  readonly kind: string;
  /** Name, type, not null. */
  readonly columns: readonly (readonly [string, string, boolean])[] | null;
  /** Name, `tgenabled`, OID, transaction that last touched it. */
  readonly triggers: readonly (readonly [string, string, number, string])[] | null;
}

export const checkedTablesOf = (text: string | null | undefined): readonly CheckedTable[] =>
  text ? (JSON.parse(text) as CheckedTable[]) : [];

const MOST_DIFFERENCES = 5;

/** What differs, in words for people. */
export function differenceOf({ accepted, now }: Pick<CheckedTable, 'accepted' | 'now'>): string {
  const [root] = now ?? [];
  const [acceptedRoot] = accepted ?? [];
  if (!root) return 'the table is gone';
  if (!acceptedRoot || !accepted) return 'the capture is not installed';
  if (root.oid !== acceptedRoot.oid) return 'another table has taken its place';
  const before = new Map(accepted.map((member) => [member.oid, member]));
  const after = new Map(now?.map((member) => [member.oid, member]));
  const differences = [
    ...accepted.filter(({ oid }) => !after.has(oid)).map((member) => `${member.name} belongs to it no more`),
    ...[...after.values()].flatMap((member) => {
      const known = before.get(member.oid);
      return known ? memberDifferences(known, member, member === root) : [`${member.name} belongs to it now`];
    }),
  ];
  const more = differences.length - MOST_DIFFERENCES;
  return [...differences.slice(0, MOST_DIFFERENCES), ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
}

function memberDifferences(before: MemberState, after: MemberState, isRoot: boolean): readonly string[] {
  const of = isRoot ? '' : ` of ${after.name}`;
  return [
    ...(before.name === after.name && before.schema === after.schema
      ? []
      : [`${before.name} is called ${after.name} now`]),
    ...(before.kind === after.kind ? [] : [`the kind of the table${of} has changed`]),
    ...(before.file === after.file ? [] : [`the rows${of} were truncated or rewritten`]),
    ...columnDifferences(before, after, of),
    ...triggerDifferences(before, after, of),
  ];
}

function columnDifferences(before: MemberState, after: MemberState, of: string): readonly string[] {
  const known = new Map((before.columns ?? []).map((column) => [column[0], column]));
  const present = new Map((after.columns ?? []).map((column) => [column[0], column]));
  return [
    ...[...known.keys()].filter((name) => !present.has(name)).map((name) => `the column ${name}${of} is gone`),
    ...[...present.values()].flatMap(([name, type, required]) => {
      const was = known.get(name);
      if (!was) return [`the column ${name}${of} is new`];
      if (was[1] !== type) return [`the column ${name}${of} was ${was[1]} and is ${type}`];
      if (was[2] !== required)
        return [`the column ${name}${of} ${required ? 'must have a value now' : 'may be empty now'}`];
      return [];
    }),
  ];
}

function triggerDifferences(before: MemberState, after: MemberState, of: string): readonly string[] {
  const present = new Map((after.triggers ?? []).map((trigger) => [trigger[0], trigger]));
  const known = new Map((before.triggers ?? []).map((trigger) => [trigger[0], trigger]));
  const names = new Set([...known.keys(), ...present.keys()]);
  return [...names].flatMap((name) => {
    const was = known.get(name);
    const is = present.get(name);
    if (!is) return [`the trigger ${name}${of} is missing`];
    if (is[1] !== 'O' && is[1] !== 'A') return [`the trigger ${name}${of} is disabled`];
    if (was && was[2] === is[2] && was[3] === is[3]) return [];
    return [`the trigger ${name}${of} was away or disabled for a time`];
  });
}
