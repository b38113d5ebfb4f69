/** Is everything in step? The answer first, then the numbers behind it. */
import { CheckmarkCircleFilled } from '@fluentui/react-icons/svg/checkmark-circle';
import { WarningFilled } from '@fluentui/react-icons/svg/warning';
import type { MappingDocument } from '../../../http/schemas/mappings.ts';
import type { OverviewDocument, StoreDocument } from '../../../http/schemas/stores.ts';
import { PageLink } from '../../address/page-link.tsx';
import { type Page, useRead } from '../../api/read.ts';
import { useSpeech } from '../../language/language.tsx';
import { Answered } from '../../parts/failed.tsx';
import { PageFrame, Section } from '../../parts/page-frame.tsx';
import { Activity } from './activity.tsx';
import { Lanes } from './lanes.tsx';
import { Pairs } from './pairs.tsx';
import { Stores } from './stores.tsx';
import { Verification } from './verification.tsx';

export function Overview() {
  const { t } = useSpeech();
  const overview = useRead<OverviewDocument>('/overview');
  const stores = useRead<readonly StoreDocument[]>('/stores');
  const mappings = useRead<Page<MappingDocument>>('/mappings');
  return (
    <PageFrame title={t.nav.overview}>
      <Answered of={overview}>
        {(answer) => (
          <>
            <Headline overview={answer} stores={stores.data ?? []} mappings={mappings.data?.items ?? []} />
            <Numbers overview={answer} />
            <div className="columns">
              <Section title={t.overview.pairs}>
                <Pairs couplings={answer.couplings} />
              </Section>
              <div className="stack">
                <Section title={t.overview.activity}>
                  <Activity history={answer.history} />
                </Section>
                <Answered of={stores}>{(found) => <Stores stores={found} />}</Answered>
                <Verification />
              </div>
            </div>
            <Section title={t.overview.lag}>
              <Lanes overview={answer} mappings={mappings.data?.items ?? []} />
            </Section>
          </>
        )}
      </Answered>
    </PageFrame>
  );
}

interface HeadlineProps {
  readonly overview: OverviewDocument;
  readonly stores: readonly StoreDocument[];
  readonly mappings: readonly MappingDocument[];
}

const STANDING_STILL: ReadonlySet<MappingDocument['state']> = new Set(['stopped', 'setupProblem', 'storeUnreachable']);

function Headline({ overview, stores, mappings }: HeadlineProps) {
  const { t } = useSpeech();
  const { conflict, deletion, failure } = overview.openErrors;
  const open = conflict + deletion + failure + overview.failedOperations;
  const waiting = overview.lag.reduce((sum, { backlog }) => sum + backlog.hq + backlog.channel, 0);
  const still =
    stores.some(({ state }) => state !== 'reachable') || mappings.some(({ state }) => STANDING_STILL.has(state));
  const good = open === 0 && !still;
  const sentences = [
    still && t.overview.stopped,
    open > 0 && t.overview.needsYou(open),
    good && waiting === 0 && t.overview.inStep,
    waiting > 0 && t.overview.working(waiting),
  ].filter((sentence) => sentence !== false);
  return (
    <p className={good ? 'headline headline-good' : 'headline headline-bad'}>
      {good ? <CheckmarkCircleFilled aria-hidden /> : <WarningFilled aria-hidden />}
      {sentences.join(' ')}
    </p>
  );
}

function Numbers({ overview }: { readonly overview: OverviewDocument }) {
  const { t, format } = useSpeech();
  const tiles = [
    ...(['conflict', 'deletion', 'failure'] as const).map((kind) => ({
      name: t.kinds[kind],
      count: overview.openErrors[kind],
      href: `/errors?kind=${kind}`,
    })),
    { name: t.overview.failedOperations, count: overview.failedOperations, href: '/customer-operations?status=failed' },
  ];
  return (
    <div className="big-numbers">
      {tiles.map(({ name, count, href }) => (
        <PageLink key={name} plain href={href} className={count > 0 ? 'big-number big-number-bad' : 'big-number'}>
          <span className="big-number-value">{format.number(count)}</span>
          <span>{name}</span>
        </PageLink>
      ))}
    </div>
  );
}
