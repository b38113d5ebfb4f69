/** Table Mappings: what is kept in step with what, how it goes, and running it now. */
import { Button } from '@fluentui/react-components';
import type { MappingDocument } from '../../../http/schemas/mappings.ts';
import { PageLink } from '../../address/page-link.tsx';
import { useMay } from '../../api/me.ts';
import { type Page, useRead } from '../../api/read.ts';
import { useSpeech } from '../../language/language.tsx';
import { CardTable } from '../../parts/card-table.tsx';
import { Answered, Empty } from '../../parts/failed.tsx';
import { PageFrame } from '../../parts/page-frame.tsx';
import { Ago } from '../../parts/time.tsx';
import { couplingsOf, MappingState, openErrorsOf, scheduleText } from './mapping-words.tsx';
import { useRun } from './use-run.ts';

export function MappingList() {
  const { t } = useSpeech();
  const may = useMay();
  const run = useRun();
  const mappings = useRead<Page<MappingDocument>>('/mappings');
  return (
    <PageFrame
      title={t.nav.mappings}
      actions={
        may('operator') && (
          <Button appearance="subtle" onClick={() => run(null, { scope: 'modified' })}>
            {t.tellMe.runAll}
          </Button>
        )
      }
    >
      <Answered of={mappings}>
        {({ items }) => (items.length === 0 ? <Empty>{t.mappings.empty}</Empty> : <MappingTable mappings={items} />)}
      </Answered>
    </PageFrame>
  );
}

function MappingTable({ mappings }: { readonly mappings: readonly MappingDocument[] }) {
  const { t } = useSpeech();
  return (
    <div className="section table-scroll">
      <CardTable
        columns={[
          t.words.mapping,
          t.words.status,
          t.words.direction,
          t.words.schedule,
          t.words.channel,
          { number: t.mappings.couplings },
          { number: t.mappings.openErrors },
          t.mappings.lastSuccess,
          t.words.more,
        ]}
      >
        {mappings.map((mapping) => (
          <MappingRow key={mapping.name} mapping={mapping} />
        ))}
      </CardTable>
    </div>
  );
}

function MappingRow({ mapping }: { readonly mapping: MappingDocument }) {
  const { t, format } = useSpeech();
  const may = useMay();
  const run = useRun();
  const errors = openErrorsOf(mapping);
  const latest =
    mapping.channels
      .flatMap(({ lastSuccessAt }) => lastSuccessAt ?? [])
      .toSorted()
      .at(-1) ?? null;
  return (
    <tr>
      <th scope="row">
        <PageLink href={`/mappings/${encodeURIComponent(mapping.name)}`}>{mapping.label}</PageLink>
      </th>
      <td data-label={t.words.status}>
        <MappingState state={mapping.state} />
      </td>
      <td data-label={t.words.direction}>{t.directions[mapping.direction]}</td>
      <td data-label={t.words.schedule}>{scheduleText(t, mapping.schedule)}</td>
      <td data-label={t.words.channel}>{format.list(mapping.channels.map(({ channelName }) => channelName))}</td>
      <td className="number" data-label={t.mappings.couplings}>
        {format.number(couplingsOf(mapping))}
      </td>
      <td className="number" data-label={t.mappings.openErrors}>
        {errors === 0 ? (
          0
        ) : (
          <PageLink href={`/errors?mapping=${encodeURIComponent(mapping.name)}`}>{format.number(errors)}</PageLink>
        )}
      </td>
      <td data-label={t.mappings.lastSuccess}>
        <Ago at={latest} />
      </td>
      <td>
        {may('operator') && mapping.state !== 'notConfigured' && (
          <Button
            size="small"
            aria-label={t.tellMe.runMapping(mapping.label)}
            onClick={() => run(mapping, { scope: 'modified' })}
          >
            {t.mappings.synchronizeNow}
          </Button>
        )}
      </td>
    </tr>
  );
}
