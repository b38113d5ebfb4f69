/** 1110 and 1070: what a channel is told of features and of its settings, written into its own `channelconfiguration`. */
import { readMarks } from '../engine/run/read-marks.ts';
import type { SessionJob } from '../ports/commerce-sessions.ts';
import { noCounters } from '../ports/coupling-database.ts';
import { type CommerceSite, jobLane, operationStoreOf } from './commerce-site.ts';
import { FEATURES, schemaOf } from './features.ts';
import type { ChannelReport, Moved } from './job-report.ts';

/** The setting that says whether the channel creates customers by operations. */
export const CREATE_ASYNCHRONOUSLY = 'createAsynchronously';

/** All features at once, so that a channel never has one without what it needs. */
export async function distributeFeatures(
  commerce: CommerceSite,
  channel: string,
  moved: Moved,
): Promise<ChannelReport> {
  const known = await commerce.sessions.features();
  const isOn = (name: string): boolean => known.some((feature) => feature.name === name && feature.enabled);
  return tell(commerce, channel, '1110', Object.fromEntries(FEATURES.map(({ name }) => [name, isOn(name)])), moved);
}

export function distributeSettings(commerce: CommerceSite, channel: string, moved: Moved): Promise<ChannelReport> {
  const createAsynchronously = commerce.rules.channels[channel]?.createAsynchronously ?? false;
  return tell(commerce, channel, '1070', { [CREATE_ASYNCHRONOUSLY]: createAsynchronously }, moved);
}

async function tell(
  commerce: CommerceSite,
  channel: string,
  job: SessionJob,
  entries: Readonly<Record<string, boolean>>,
  moved: Moved,
): Promise<ChannelReport> {
  // The channel is another database after a restore; whoever writes into it looks first.
  await readMarks(commerce.site, 'channel', channel);
  const rows = await operationStoreOf(commerce, channel).configure(schemaOf(commerce, channel), entries);
  moved.rows = rows;
  await commerce.site.surroundings.reach('channel-written', jobLane(channel, job));
  const counters = noCounters();
  counters.toChannel.modified = rows;
  return { channel, counters, rowsAffected: rows, status: 'succeeded', code: null, params: {} };
}
