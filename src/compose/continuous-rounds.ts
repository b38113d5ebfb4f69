/** What the continuous schedule does, made of the engine's parts. */
import { isOwedElsewhere } from '../engine/lane/due-here.ts';
import { moveAndTake, noteArrivals } from '../engine/run/lane-ahead.ts';
import { forgetTables, type LaneMemory } from '../engine/lane/lane-memory.ts';
import { readMarks, storeText } from '../engine/run/read-marks.ts';
import { awaitsSomebody } from '../engine/lane/resting-lane.ts';
import type { RunRequest } from '../engine/run/lane-run.ts';
import { runChannel } from '../engine/run/run-channel.ts';
import { isEnabled, lanesOf, mappingOf, type Site, storeOf } from '../engine/lane/site.ts';
import type { Rounds } from '../jobs/rounds.ts';
import type { Lane } from '../ports/store.ts';

const CONTINUOUS: Omit<RunRequest, 'stop'> = {
  scope: 'modified',
  direction: 'both',
  fields: null,
  dryRun: false,
  trigger: 'change',
  actor: null,
  requestId: null,
  reason: null,
  jobId: null,
  children: false,
  waitForLaneMs: 0,
};

export function continuousRounds(site: Site, memory: LaneMemory, log: { warn(message: string): void }): Rounds {
  const isContinuous = (lane: Lane): boolean =>
    isEnabled(site, lane) && mappingOf(site, lane).schedule.kind === 'continuous';
  const lanes = new Map(
    [...site.channels.keys()].map((channel) => [channel, lanesOf(site, channel).filter(isContinuous)]),
  );
  const isWorked = (lane: Lane): boolean =>
    lanes.get(lane.channel)?.some(({ mapping }) => mapping === lane.mapping) ?? false;
  return {
    readMarks: async (side, channel, caller) =>
      (
        await readMarks(site, side, channel, {
          remembered: memory.cursors,
          changed: (lane) => forgetTables(memory, lane),
          taken(arrived, here) {
            noteArrivals(memory, arrived, here ? storeText(side, channel) : null);
            return caller.taken(new Set([...arrived].map((lane) => lane.channel)));
          },
          step(move, concerned) {
            const wanted = [...concerned].every((lane) => isWorked(lane) && caller.isIdle(lane.channel));
            return wanted ? moveAndTake(site, memory, move, concerned) : null;
          },
        })
      ).marks,
    async waitForMarks(side, channel, timeoutMs, signal) {
      // One that another process has moved on finds what that one has read, which ends the wait.
      const cursor = memory.cursors.get(storeText(side, channel));
      if (cursor) await storeOf(site, side, channel).waitForMarks(site.database.reader, cursor, timeoutMs, signal);
    },
    async channelsWithWork() {
      const states = await site.database.lanesWithWork();
      const able = states.filter(
        (state) =>
          isWorked(state.lane) &&
          !isOwedElsewhere(site, state.lane, state.fullRunDue) &&
          (state.fullRunDue || !awaitsSomebody(memory, state)),
      );
      return new Set(able.map(({ lane }) => lane.channel));
    },
    async runChannel(channel, which, signal) {
      const reports = await runChannel(site, memory, channel, lanes.get(channel) ?? [], {
        ...CONTINUOUS,
        onlyOwn: which === 'own',
        stop: () => Promise.resolve(signal.aborted),
      });
      return reports.some((report) => report.status === 'failed');
    },
    warn: (message) => log.warn(message),
  };
}
