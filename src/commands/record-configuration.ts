/**
 * A configuration other than the last one that was worked with: what it renames is carried to the new names, what it
 * may not change is refused before anything is done, what a full run has to look at again is owed one, and the change
 * is kept with its difference.
 */
import { diffSettings, type SettingsDifference, type SettingsSnapshot, snapshotOf } from '../config/diff-settings.ts';
import { type Mapping, resolveForChannel } from '../domain/mapping.ts';
import type { Json } from '../domain/record.ts';
import type { Lane } from '../ports/store.ts';
import { CommandFailed, EXIT } from './exit.ts';
import type { OpenCouplet } from './open-couplet.ts';
import { formatFindings } from './print-findings.ts';

export async function recordConfiguration(opened: OpenCouplet, file: string, actor: string): Promise<void> {
  const { couplet, configuration } = opened;
  const { queries } = couplet.database;
  const latest = await queries.latestConfiguration();
  const snapshot = snapshotOf(couplet.settings);
  const difference = diffSettings((latest?.configuration ?? null) as SettingsSnapshot | null, snapshot);
  if (difference.isEmpty) return;
  const locked = await couplet.stores.checkLocked();
  if (locked.length > 0) {
    const text = formatFindings(locked, file, configuration.locate);
    throw new CommandFailed(EXIT.usage, text, { problems: locked });
  }
  if (latest !== null) await carryRenamed(opened, difference);
  await oweFullRuns(opened, difference);
  await queries.noteConfiguration({ actor, difference: toJson(difference), configuration: toJson(snapshot) });
  couplet.log.info(
    { changed: changedNames(difference), actor },
    latest ? 'the configuration was changed' : 'a first configuration',
  );
}

const toJson = (value: unknown): Json => JSON.parse(JSON.stringify(value)) as Json;

const changedNames = ({ channels, mappings, other }: SettingsDifference): Json => ({
  added: [...mappings.added, ...channels.added],
  removed: [...mappings.removed, ...channels.removed],
  renamed: [...mappings.renamed, ...channels.renamed].map(({ from, to }) => `${from} to ${to}`),
  mappings: mappings.changed.map(({ mapping }) => mapping),
  other: other.map(({ path }) => path),
});

async function carryRenamed({ couplet }: OpenCouplet, { channels, mappings }: SettingsDifference): Promise<void> {
  const former = (renamed: SettingsDifference['channels']['renamed'], name: string): string =>
    renamed.find(({ to }) => to === name)?.from ?? name;
  for (const mapping of couplet.settings.mappings) {
    for (const channel of mapping.channels) {
      const to: Lane = { mapping: mapping.name, channel };
      const from: Lane = {
        mapping: former(mappings.renamed, mapping.name),
        channel: former(channels.renamed, channel),
      };
      if (from.mapping === to.mapping && from.channel === to.channel) continue;
      if (await couplet.database.upkeep.renameLane(from, to))
        couplet.log.info({ from, to }, 'couplings carried to a new name');
      else
        couplet.log.warn(
          { from, to },
          'nothing was carried to the new name: there is nothing under the former one, or something under the new one',
        );
    }
  }
}

/** New and changed fields are noticed by the lane itself, whose bases they change: at once where it runs continuously. */
const oweFullRuns = ({ couplet }: OpenCouplet, { mappings }: SettingsDifference): Promise<void> =>
  couplet.oweFullRuns(
    mappings.changed.flatMap(({ mapping, fullRunReasons }) =>
      fullRunReasons.some((reason) => reason !== 'fields' || !runsContinuously(couplet.settings.mappings, mapping))
        ? [mapping]
        : [],
    ),
  );

const runsContinuously = (mappings: readonly Mapping[], name: string): boolean =>
  mappings
    .filter((mapping) => mapping.name === name)
    .every((mapping) =>
      mapping.channels.every((channel) => resolveForChannel(mapping, channel).schedule.kind === 'continuous'),
    );
