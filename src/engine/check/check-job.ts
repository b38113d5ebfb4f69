/** The job of kind `check`: a result per problem, and what was found of each store kept for `GET /stores`. */
import type { Job, JobResult } from '../../ports/coupling-database.ts';
import { noCounters } from '../../ports/coupling-database.ts';
import { ActionRefused } from '../../ports/synchronizer.ts';
import type { Outcome } from '../lane/job-outcome.ts';
import type { SetupFinding } from '../lane/setup-finding.ts';
import type { SetupKnowledge, StoreVerdict } from '../lane/setup-knowledge.ts';
import type { Site } from '../lane/site.ts';
import { checkSetup, type SetupReport } from './check-setup.ts';

export async function performCheck(site: Site, job: Job): Promise<Outcome> {
  const { setup } = site;
  if (!setup) {
    throw new ActionRefused('job-kind-unknown', 'this process cannot check the set-up', { kind: job.kind });
  }
  const report = await checkSetup(site, { suggest: setup.suggest, locked: await setup.locked(), withCouplings: true });
  await site.database.addJobResults(
    job.id,
    report.findings.map((finding) => resultOf(finding, setup)),
  );
  await setup.note(verdictsOf(report));
  return { status: 'succeeded', code: null, params: {}, counters: noCounters() };
}

/** Notes and warnings keep nothing from working. */
const resultOf = (finding: SetupFinding, setup: SetupKnowledge): JobResult => ({
  status: finding.severity === 'error' ? 'failed' : 'skipped',
  code: finding.code,
  params: {
    ...finding.params,
    severity: finding.severity,
    side: finding.side,
    channel: finding.channel,
    mapping: finding.mapping,
    path: finding.path.join('.'),
    line: setup.lineOf(finding.path),
    remedy: finding.remedy,
  },
  errorId: null,
  couplingId: null,
  hqKey: null,
  channelKey: null,
  candidates: [],
  writes: null,
});

export const verdictsOf = ({ findings, stores }: SetupReport): StoreVerdict[] =>
  stores.map(({ store: { side, channel }, survey, captureInstalled }) => ({
    side,
    channel,
    reachable: survey !== null,
    captureInstalled,
    // What is wrong with both sides together (types, matches) is told where the record would arrive.
    findings: findings.filter((finding) => finding.side === side && (side === 'hq' || finding.channel === channel)),
  }));
