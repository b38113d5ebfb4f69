/** One table mapping: how it runs in each channel, its fields and policies, its records. */
import { Tab, TabList } from '@fluentui/react-components';
import type { MappingDocument } from '../../../http/schemas/mappings.ts';
import { changeQuery, useAddress } from '../../address/address.ts';
import { PageLink } from '../../address/page-link.tsx';
import { useRead } from '../../api/read.ts';
import { useSpeech } from '../../language/language.tsx';
import { Answered } from '../../parts/failed.tsx';
import { PageFrame } from '../../parts/page-frame.tsx';
import { ChannelLanes } from './channel-lanes.tsx';
import { ConfigurationHistory } from './configuration-history.tsx';
import { FieldMappings, Policies, readConfiguration } from './configuration.tsx';
import { MappingActions } from './mapping-actions.tsx';
import { MappingState, scheduleText } from './mapping-words.tsx';
import { RecordSearch } from './record-search.tsx';

export function MappingCard({ id }: { readonly id: string }) {
  const { t } = useSpeech();
  const asked = useRead<MappingDocument>(`/mappings/${encodeURIComponent(id)}`);
  const mapping = asked.data;
  return (
    <PageFrame
      title={mapping?.label ?? id}
      back={{ href: '/mappings', text: t.nav.mappings }}
      over={
        mapping && (
          <>
            <MappingState state={mapping.state} /> · {t.directions[mapping.direction]} ·{' '}
            {scheduleText(t, mapping.schedule)}
          </>
        )
      }
      actions={mapping && <MappingActions mapping={mapping} />}
    >
      <Answered of={asked}>{(answer) => <OpenMapping mapping={answer} />}</Answered>
    </PageFrame>
  );
}

const TABS = ['channels', 'fields', 'records', 'history'] as const;
type TabName = (typeof TABS)[number];

function OpenMapping({ mapping }: { readonly mapping: MappingDocument }) {
  const { t } = useSpeech();
  const { query } = useAddress();
  const tab = TABS.find((name) => name === query.get('tab')) ?? 'channels';
  const names: Record<TabName, string> = {
    channels: t.words.status,
    fields: t.mappings.fields,
    records: t.mappings.records,
    history: t.mappings.history,
  };
  const configuration = readConfiguration(mapping);
  return (
    <>
      <TabList
        className="tabs"
        selectedValue={tab}
        onTabSelect={(_, { value }) =>
          changeQuery({ tab: value === 'channels' ? null : String(value) }, { replace: true })
        }
      >
        {TABS.map((name) => (
          <Tab key={name} value={name}>
            {names[name]}
          </Tab>
        ))}
      </TabList>
      {tab === 'channels' && (
        <>
          <ChannelLanes mapping={mapping} />
          <p>
            <PageLink href={`/couplings?mapping=${encodeURIComponent(mapping.name)}`}>{t.nav.couplings}</PageLink>
            {' · '}
            <PageLink href={`/log?mapping=${encodeURIComponent(mapping.name)}`}>{t.nav.log}</PageLink>
            {' · '}
            <PageLink href={`/jobs?mapping=${encodeURIComponent(mapping.name)}`}>{t.nav.jobs}</PageLink>
          </p>
        </>
      )}
      {tab === 'fields' && configuration !== null && (
        <>
          <FieldMappings mapping={configuration} />
          <Policies mapping={configuration} />
        </>
      )}
      {tab === 'records' && <RecordSearch mapping={mapping} />}
      {tab === 'history' && <ConfigurationHistory />}
    </>
  );
}
