/** `couplet forget`: couplings and errors of what is gone from the file are dropped. Records and log stay. */
import { heirOf } from '../domain/mapping.ts';
import { EXIT, print, printJson, tell, usageError } from './exit.ts';
import { type CommonOptions, openCouplet } from './open-couplet.ts';
import { plural } from './print-table.ts';

export interface ForgetOptions extends CommonOptions {
  readonly channel?: string;
  readonly dryRun: boolean;
}

export async function forget(mapping: string | undefined, options: ForgetOptions): Promise<number> {
  const { channel } = options;
  if (mapping === undefined && channel === undefined) throw usageError('Name a mapping, or a channel with --channel.');
  await using opened = await openCouplet({ ...options, migrate: false });
  const { database, settings, log } = opened.couplet;
  const configured = (of: { readonly mapping: string; readonly channel: string }): boolean =>
    settings.mappings.some(({ name, channels }) => name === of.mapping && channels.includes(of.channel));
  const known = (await database.laneStates()).map(({ lane }) => lane);
  const lanes = known.filter(
    (lane) =>
      (mapping === undefined || lane.mapping === mapping) && (channel === undefined || lane.channel === channel),
  );
  const what = [mapping, channel].filter((name) => name !== undefined).join(' with ');
  const still = lanes.find(configured);
  if (still !== undefined) {
    throw usageError(
      `${what} is in ${options.config} still (${still.mapping} with ${still.channel}): take it out first.`,
    );
  }
  const coupled = new Set<string>();
  for (const lane of known) if ((await database.countCouplings(lane)) > 0) coupled.add(lane.mapping);
  const [heir] = lanes.flatMap((lane) => heirOf(settings.mappings, lane.mapping, coupled) ?? []);
  if (heir !== undefined) {
    throw usageError(
      `${what} was renamed to ${heir.name} in ${options.config}, which gets its couplings with the next 'couplet sync' or start: nothing is to be forgotten.`,
    );
  }
  const forgotten: { mapping: string; channel: string; couplings: number; errors: number }[] = [];
  for (const view of await database.queries.lanes(mapping === undefined ? null : [mapping])) {
    const { lane } = view.state;
    if (!lanes.some((one) => one.mapping === lane.mapping && one.channel === lane.channel)) continue;
    const couplings = Object.values(view.couplings).reduce((sum, count) => sum + count, 0);
    const errors = Object.values(view.openErrors).reduce((sum, count) => sum + count, 0);
    if (!options.dryRun) await database.upkeep.forgetLane(lane);
    log.info({ lane, couplings, errors }, options.dryRun ? 'would be forgotten' : 'forgotten');
    forgotten.push({ ...lane, couplings, errors });
  }
  if (forgotten.length === 0) {
    tell(`Nothing is known of ${what}.`);
    if (options.json) printJson({ items: [] });
    return EXIT.failed;
  }
  if (options.json) printJson({ items: forgotten });
  else {
    for (const item of forgotten) {
      print(
        `${item.mapping} with ${item.channel}: ${plural(item.couplings, 'coupling')} and ${plural(item.errors, 'open error')} ${options.dryRun ? 'would be ' : ''}forgotten. Records and log stay.`,
      );
    }
  }
  return EXIT.clean;
}
