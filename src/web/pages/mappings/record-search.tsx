/** Why is a record not synchronized? Records of one app, read there, each with the reason. */
import { Checkbox, Select } from '@fluentui/react-components';
import type { MappingDocument, RecordDocument } from '../../../http/schemas/mappings.ts';
import { changeQuery, useAddress } from '../../address/address.ts';
import { PageLink } from '../../address/page-link.tsx';
import { useList } from '../../api/read.ts';
import { useSpeech } from '../../language/language.tsx';
import { CardTable } from '../../parts/card-table.tsx';
import { Answered, Empty } from '../../parts/failed.tsx';
import { FilterBar } from '../../parts/filter-bar.tsx';
import { MoreButton } from '../../parts/more-button.tsx';
import { Section } from '../../parts/page-frame.tsx';
import { Time } from '../../parts/time.tsx';
import { keyText } from '../../parts/value-text.ts';

export function RecordSearch({ mapping }: { readonly mapping: MappingDocument }) {
  const { t } = useSpeech();
  const { query } = useAddress();
  const side = query.get('side') === 'channel' ? 'channel' : 'hq';
  const channel = query.get('channel') ?? mapping.channels[0]?.channel ?? '';
  const asked = new URLSearchParams({ side, channel });
  for (const name of ['q', 'coupled']) {
    const value = query.get(name);
    if (value !== null) asked.set(name, value);
  }
  const uncoupled = query.get('coupled') === 'false';
  return (
    <Section title={t.mappings.records}>
      <p className="quiet compare-hint">{t.mappings.recordsExplain}</p>
      <FilterBar filters={[]}>
        <Select
          size="small"
          aria-label={t.words.record}
          value={side}
          onChange={(_, { value }) => changeQuery({ side: value === 'hq' ? null : value }, { replace: true })}
        >
          <option value="hq">{t.words.hq}</option>
          <option value="channel">{t.words.channel}</option>
        </Select>
        <Select
          size="small"
          aria-label={t.words.channel}
          value={channel}
          onChange={(_, { value }) => changeQuery({ channel: value }, { replace: true })}
        >
          {mapping.channels.map((lane) => (
            <option key={lane.channel} value={lane.channel}>
              {lane.channelName}
            </option>
          ))}
        </Select>
        <Checkbox
          label={t.mappings.onlyUncoupled}
          checked={uncoupled}
          onChange={() => changeQuery({ coupled: uncoupled ? null : 'false' }, { replace: true })}
        />
      </FilterBar>
      <Records mapping={mapping} asked={asked} />
    </Section>
  );
}

function Records({ mapping, asked }: { readonly mapping: MappingDocument; readonly asked: URLSearchParams }) {
  const { t } = useSpeech();
  const list = useList<RecordDocument>(`/mappings/${encodeURIComponent(mapping.name)}/records`, asked, {
    counted: false,
  });
  return (
    <Answered of={list}>
      {({ pages }) => {
        const records = pages.flatMap(({ items }) => items);
        if (records.length === 0) return <Empty>{t.list.emptyFiltered}</Empty>;
        return (
          <>
            <CardTable columns={[t.words.record, t.words.reason]}>
              {records.map((record) => (
                <tr key={keyText(record.key)}>
                  <th scope="row">
                    {record.description || keyText(record.key)} <span className="quiet">{keyText(record.key)}</span>
                  </th>
                  <td>
                    <Reason record={record} />
                  </td>
                </tr>
              ))}
            </CardTable>
            <MoreButton list={list} />
          </>
        );
      }}
    </Answered>
  );
}

function Reason({ record }: { readonly record: RecordDocument }) {
  const { t } = useSpeech();
  return (
    <>
      {record.reason === null ? t.mappings.isCoupled : t.mappings.recordReasons[record.reason]}
      {record.at !== null && (
        <span className="quiet">
          {' '}
          <Time at={record.at} /> {record.actor !== null && t.log.byHand(record.actor)}
        </span>
      )}{' '}
      {record.errorId !== null && <PageLink href={`/errors/${record.errorId}`}>{t.couplings.openError}</PageLink>}{' '}
      {record.couplingId !== null && <PageLink href={`/couplings/${record.couplingId}`}>{t.errors.coupling}</PageLink>}
    </>
  );
}
