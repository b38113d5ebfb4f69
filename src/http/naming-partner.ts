/** The refusal to couple what is coupled already. */
import { describeCode } from '../domain/describe-change.ts';
import type { ActionRefused } from '../ports/synchronizer.ts';
import { Problem } from './problem.ts';
import type { ServerDeps } from './server-deps.ts';

/** The coupling in the way, with both its keys, so that the caller need not look it up. */
export async function namingPartner({ queries, presenter }: ServerDeps, fault: ActionRefused): Promise<Problem> {
  const { couplingId } = fault.params;
  const coupling = typeof couplingId === 'string' ? await queries.couplingById(couplingId) : null;
  const lane = coupling === null ? null : await presenter.lane(coupling.lane);
  const side = fault.params.side === 'channel' ? 'channel' : 'hq';
  const keys =
    coupling === null || lane === null
      ? null
      : {
          hq: lane.keyToJson('hq', coupling.hqKey),
          channel: coupling.channelKey === null ? null : lane.keyToJson('channel', coupling.channelKey),
        };
  const partner = keys === null ? null : side === 'hq' ? keys.channel : keys.hq;
  const params = { ...fault.params, ...(keys !== null && { key: keys[side], partner }) };
  return new Problem('already-coupled', {
    params,
    // The sentence names the records as people write their keys.
    detail: describeCode('already-coupled', fault.params),
    extra: {
      ...(typeof couplingId === 'string' && { couplingId }),
      ...(keys !== null && { hqKey: keys.hq, channelKey: keys.channel, partner }),
    },
  });
}
