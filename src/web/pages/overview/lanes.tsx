/** How far behind each mapping is with each channel, when it last succeeded and when it runs next. */
import type { MappingDocument } from '../../../http/schemas/mappings.ts';
import type { OverviewDocument } from '../../../http/schemas/stores.ts';
import { PageLink } from '../../address/page-link.tsx';
import { useSpeech } from '../../language/language.tsx';
import { CardTable } from '../../parts/card-table.tsx';
import { Ago } from '../../parts/time.tsx';
import { MappingState } from '../mappings/mapping-words.tsx';

interface LanesProps {
  readonly overview: OverviewDocument;
  readonly mappings: readonly MappingDocument[];
}

export function Lanes({ overview, mappings }: LanesProps) {
  const { t, format } = useSpeech();
  return (
    <CardTable
      columns={[
        t.words.mapping,
        t.words.channel,
        t.words.status,
        t.mappings.lag,
        t.mappings.backlog,
        t.mappings.lastSuccess,
        t.mappings.nextRun,
      ]}
    >
      {overview.lag.map(({ mapping, channel, channelName, lagSeconds, backlog }) => {
        const known = mappings.find(({ name }) => name === mapping);
        const lane = known?.channels.find((one) => one.channel === channel);
        const next = overview.nextRuns.find((run) => run.mapping === mapping);
        const lag = [lagSeconds.hq, lagSeconds.channel].filter((seconds) => seconds !== null);
        return (
          <tr key={`${mapping} ${channel}`}>
            <th scope="row">
              <PageLink href={`/mappings/${encodeURIComponent(mapping)}`}>{known?.label ?? mapping}</PageLink>
            </th>
            <td data-label={t.words.channel}>{channelName}</td>
            <td data-label={t.words.status}>{lane && <MappingState state={lane.state} />}</td>
            <td data-label={t.mappings.lag}>
              {lag.length === 0 ? t.overview.notRead : format.duration(Math.round(Math.max(...lag)))}
            </td>
            <td data-label={t.mappings.backlog}>
              {t.words.hq} {format.number(backlog.hq)} · {t.words.channel} {format.number(backlog.channel)}
            </td>
            <td data-label={t.mappings.lastSuccess}>
              {lane?.lastJobId == null ? (
                <Ago at={lane?.lastSuccessAt ?? null} />
              ) : (
                <PageLink href={`/jobs/${lane.lastJobId}`}>
                  <Ago at={lane.lastSuccessAt} />
                </PageLink>
              )}
            </td>
            <td data-label={t.mappings.nextRun}>
              {next?.nextRunAt == null ? (
                scheduleName(t.mappings.schedules, next?.schedule ?? '')
              ) : (
                <Ago at={next.nextRunAt} />
              )}
            </td>
          </tr>
        );
      })}
    </CardTable>
  );
}

const scheduleName = (names: Readonly<Record<string, string>>, schedule: string): string => names[schedule] ?? schedule;
