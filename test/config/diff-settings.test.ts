import { describe, expect, it } from 'vitest';
import type { SettingsDifference, SettingsSnapshot } from '../../src/config/diff-settings.ts';
import { diffSettings, snapshotOf } from '../../src/config/diff-settings.ts';
import { loadConfiguration } from '../../src/config/load-configuration.ts';
import { formatProblems } from '../../src/config/problem.ts';
import { EXAMPLE, EXAMPLE_ENVIRONMENT } from './example-configuration.ts';

function snapshot(text: string): SettingsSnapshot {
  const { settings, problems } = loadConfiguration(text, EXAMPLE_ENVIRONMENT);
  if (settings === null) throw new Error(formatProblems(problems, 'couplet.yaml'));
  return snapshotOf(settings);
}

const BEFORE = snapshot(EXAMPLE);

/** As it comes back from a database that sorts the names of a map. */
const stored = JSON.parse(JSON.stringify(BEFORE), (_, value: unknown) =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
    : value,
) as SettingsSnapshot;

function after(...edits: readonly (readonly [from: string, to: string])[]): SettingsDifference {
  const text = edits.reduce((current, [from, to]) => {
    expect(current).toContain(from);
    return current.replaceAll(from, () => to);
  }, EXAMPLE);
  return diffSettings(stored, snapshot(text));
}

const changedMapping = (difference: SettingsDifference) => {
  expect(difference.mappings.changed).toHaveLength(1);
  return difference.mappings.changed[0];
};

describe('the difference of two configurations', () => {
  it('is none for the same file, also after it was stored', () => {
    expect(diffSettings(stored, BEFORE).isEmpty).toBe(true);
    expect(diffSettings(BEFORE, BEFORE).isEmpty).toBe(true);
  });

  it('holds no secrets', () => {
    expect(JSON.stringify(BEFORE)).not.toContain('secret');
  });

  it('is everything when there was none before', () => {
    const difference = diffSettings(null, BEFORE);
    expect(difference.isEmpty).toBe(false);
    expect(difference.channels.added).toEqual(['houston', 'online']);
    expect(difference.mappings.added).toHaveLength(5);
    expect(difference.mappings.changed).toEqual([]);
  });

  it('names the fields whose base says nothing any more, and asks for a full run', () => {
    const difference = changedMapping(
      after(['channel: postal_code,', 'channel: zip,'], ['US: United States', 'US: USA']),
    );
    expect(difference).toMatchObject({
      mapping: 'customers',
      fields: { added: [], removed: [], changed: ['postalCode', 'country'] },
      locked: [],
      fullRunReasons: ['fields'],
    });
    expect(difference?.changes.map(({ path }) => path)).toEqual(['fields.postalCode.channel', 'fields.country.values']);
  });

  it('asks for no full run when only a policy changed', () => {
    const difference = changedMapping(after(['resolve: channelWins', 'resolve: hqWins']));
    expect(difference).toMatchObject({ fields: { changed: [] }, fullRunReasons: [] });
    expect(difference?.changes).toEqual([{ path: 'fields.email.resolve', before: 'channelWins', after: 'hqWins' }]);
  });

  it('asks for a full run when a filter, a direction or the match changed', () => {
    expect(changedMapping(after(['blocked = false and web', 'blocked = true and web']))?.fullRunReasons).toEqual([
      'filter',
    ]);
    expect(changedMapping(after(['channel: credit, direction: toChannel', 'channel: credit']))?.fullRunReasons).toEqual(
      ['direction'],
    );
    expect(changedMapping(after(['- [email]', '- [phone]']))?.fullRunReasons).toEqual(['match']);
  });

  it('tells what couplings do not allow to change', () => {
    expect(changedMapping(after(['sales.customer_group', 'sales.grp']))?.locked).toEqual([
      { path: 'hq.table', before: 'sales.customer_group', after: 'sales.grp', channel: null },
    ]);
    expect(
      changedMapping(after(['channel: { table: segment, key: [id] }', 'channel: { table: segment, key: [no] }']))
        ?.locked,
    ).toEqual([{ path: 'channel.key', before: ['id'], after: ['no'], channel: null }]);
    expect(
      changedMapping(after(['channel: { table: shop.customer }', 'channel: { table: web.customer }']))?.locked,
    ).toEqual([{ path: 'channel.table', before: 'shop.customer', after: 'web.customer', channel: 'online' }]);
    expect(
      changedMapping(
        after(
          ['channel: sku,', 'channel: sku, references: orders,'],
          [', transform: { toHq: [upperCase] } }', ' }'],
          ['hq: ItemNo', 'hq: [ItemNo, X]'],
        ),
      )?.locked,
    ).toEqual([{ path: 'fields.item.references', before: null, after: 'orders', channel: null }]);
  });

  it('follows mappings and channels to their new names', () => {
    const difference = after(
      ['  customerGroups:\n', '  segments:\n    renamedFrom: customerGroups\n'],
      ['references: customerGroups', 'references: segments'],
    );
    expect(difference.mappings).toMatchObject({
      added: [],
      removed: [],
      renamed: [{ from: 'customerGroups', to: 'segments' }],
      changed: [],
    });
    const channels = after(
      ['online:\n', 'web:\n    renamedFrom: online\n'],
      ['houston, online', 'houston, web'],
      ['online:  {', 'web:  {'],
    );
    expect(channels.channels).toEqual({ added: [], removed: [], renamed: [{ from: 'online', to: 'web' }] });
    expect(channels.mappings.changed).toEqual([]);
  });

  it('tells what came, what went, and what changed besides', () => {
    const difference = after(
      ['  orderLines:\n', '  lines:\n'],
      ['jobs: 90d', 'jobs: 30d'],
      ['"${HQ_URL}"', 'postgres://me:secret@new.example:5432/erp'],
      ['name: Houston', 'name: Texas'],
    );
    expect(difference.mappings).toMatchObject({ added: ['lines'], removed: ['orderLines'], renamed: [] });
    expect(difference.other).toEqual([
      { path: 'retention.jobsMs', before: 90 * 86_400_000, after: 30 * 86_400_000 },
      { path: 'hq.store', before: 'postgres://hq.example:5432/erp', after: 'postgres://new.example:5432/erp' },
      { path: 'channels.houston.name', before: 'Houston', after: 'Texas' },
    ]);
  });
});
