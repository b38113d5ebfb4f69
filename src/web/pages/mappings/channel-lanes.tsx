/** How a mapping stands in each of its channels, and what to do where it stands still. */
import { Button } from '@fluentui/react-components';
import { useState } from 'react';
import type { MappingChannelDocument, MappingDocument } from '../../../http/schemas/mappings.ts';
import { addressOf } from '../../address/address.ts';
import { PageLink } from '../../address/page-link.tsx';
import { useMay } from '../../api/me.ts';
import { useChange } from '../../api/read.ts';
import { request } from '../../api/request.ts';
import { describe } from '../../language/describe.ts';
import { useSpeech } from '../../language/language.tsx';
import { faultText } from '../../parts/failed.tsx';
import { Modal } from '../../parts/modal.tsx';
import { notify } from '../../parts/notices.tsx';
import { Facts, Section } from '../../parts/page-frame.tsx';
import { Ago } from '../../parts/time.tsx';
import { plainValue } from '../../parts/value-text.ts';
import { MappingState } from './mapping-words.tsx';
import { useRun } from './use-run.ts';

export function ChannelLanes({ mapping }: { readonly mapping: MappingDocument }) {
  return (
    <div className="columns">
      {mapping.channels.map((lane) => (
        <ChannelLane key={lane.channel} mapping={mapping} lane={lane} />
      ))}
    </div>
  );
}

interface LaneProps {
  readonly mapping: MappingDocument;
  readonly lane: MappingChannelDocument;
}

function ChannelLane({ mapping, lane }: LaneProps) {
  const { t, format } = useSpeech();
  const errors = Object.values(lane.openErrors).reduce((sum, count) => sum + count, 0);
  const at = { mapping: mapping.name, channel: lane.channel };
  const lag = (seconds: number | null): string =>
    seconds === null ? t.overview.notRead : format.duration(Math.round(seconds));
  return (
    <Section title={lane.channelName} actions={<MappingState state={lane.state} />}>
      <FirstRun mapping={mapping} lane={lane} />
      <Stopped mapping={mapping} lane={lane} />
      <Facts
        of={[
          {
            name: t.mappings.lag,
            value: `${t.words.hq} ${lag(lane.lagSeconds.hq)} · ${t.words.channel} ${lag(lane.lagSeconds.channel)}`,
          },
          {
            name: t.mappings.backlog,
            value: `${t.words.hq} ${format.number(lane.backlog.hq)} · ${t.words.channel} ${format.number(lane.backlog.channel)}`,
          },
          { name: t.mappings.lastSuccess, value: <Ago at={lane.lastSuccessAt} /> },
          { name: t.mappings.nextRun, value: mapping.nextRunAt === null ? '–' : <Ago at={mapping.nextRunAt} /> },
          {
            name: t.mappings.openErrors,
            value: <PageLink href={addressOf('/errors', at)}>{format.number(errors)}</PageLink>,
          },
          ...(lane.lastJobId === null
            ? []
            : [
                {
                  name: t.overview.lastRun,
                  value: <PageLink href={`/jobs/${lane.lastJobId}`}>{t.words.details}</PageLink>,
                },
              ]),
        ]}
      />
      <ul className="legend">
        {Object.entries(lane.couplings).map(([status, count]) => (
          <li key={status}>
            <PageLink href={addressOf('/couplings', { ...at, status })}>
              {t.couplings.statuses[status as 'pending']}: {format.number(count)}
            </PageLink>
          </li>
        ))}
      </ul>
    </Section>
  );
}

function FirstRun({ mapping, lane }: LaneProps) {
  const { t } = useSpeech();
  const may = useMay();
  const run = useRun();
  if (lane.state !== 'awaitingFirstRun') return null;
  return (
    <div className="banner banner-warning stack">
      {lane.records !== null && <p>{t.mappings.firstRun(lane.records.hq, lane.records.channel)}</p>}
      {may('operator') && (
        <div className="button-row">
          <Button onClick={() => run(mapping, { scope: 'full', dryRun: true, channel: lane.channel })}>
            {t.mappings.dryRun}
          </Button>
          <Button appearance="primary" onClick={() => run(mapping, { scope: 'full', channel: lane.channel })}>
            {t.mappings.startFirstRun}
          </Button>
        </div>
      )}
    </div>
  );
}

/** A store that went back in time: nothing goes on before somebody has seen the comparison. */
function Stopped({ mapping, lane }: LaneProps) {
  const { t } = useSpeech();
  const may = useMay();
  const [asking, setAsking] = useState(false);
  const resume = useChange(() =>
    request('POST', `/mappings/${encodeURIComponent(mapping.name)}/resume`, {
      body: { channel: lane.channel, lineage: 'compare' },
    }),
  );
  if (lane.stopped === null) return null;
  const { code, params, message } = lane.stopped;
  const confirm = (): void =>
    resume.mutate(undefined, {
      onSuccess: () => notify({ text: t.mappings.resumed(mapping.label) }),
      onError: (fault) => notify({ text: faultText(t, fault), kind: 'bad' }),
      onSettled: () => setAsking(false),
    });
  return (
    <div className="banner banner-error stack">
      <p>
        <strong>{t.mappings.stopped}</strong> {describe(t, code, params, message)}
      </p>
      <Facts of={Object.entries(params).map(([name, value]) => ({ name, value: plainValue(value) }))} />
      {may('admin') && (
        <div>
          <Button onClick={() => setAsking(true)}>{t.mappings.compareAll}</Button>
        </div>
      )}
      {asking && (
        <Modal
          title={t.mappings.compareAll}
          onClose={() => setAsking(false)}
          actions={
            <>
              <Button appearance="primary" onClick={confirm}>
                {t.mappings.compareAll}
              </Button>
              <Button onClick={() => setAsking(false)}>{t.words.cancel}</Button>
            </>
          }
        >
          <p>{t.mappings.compareExplain}</p>
        </Modal>
      )}
    </div>
  );
}
