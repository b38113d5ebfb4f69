/** The presenters of the lanes that a page of a list has, loaded once. */
import type { LanePresenter, MappingPresenter } from '../../ports/mapping-presenter.ts';
import type { Lane } from '../../ports/store.ts';

export type LaneLookup = (lane: Lane) => LanePresenter;

const textOf = (lane: Lane): string => JSON.stringify([lane.mapping, lane.channel]);

export async function loadLanes(presenter: MappingPresenter, lanes: Iterable<Lane>): Promise<LaneLookup> {
  const distinct = new Map<string, Lane>();
  for (const lane of lanes) distinct.set(textOf(lane), lane);
  const loaded = new Map(
    await Promise.all([...distinct].map(async ([text, lane]) => [text, await presenter.lane(lane)] as const)),
  );
  return (lane) => {
    const found = loaded.get(textOf(lane));
    if (found === undefined) throw new Error(`the lane ${textOf(lane)} was not loaded`);
    return found;
  };
}
