/** Couples two records by hand, or one with a record that is created for it. */
import { Button, Field, Input, Radio, RadioGroup, Select } from '@fluentui/react-components';
import { useState } from 'react';
import type { CouplingDocument } from '../../../http/schemas/couplings.ts';
import type { MappingDocument, RecordDocument } from '../../../http/schemas/mappings.ts';
import { navigate } from '../../address/address.ts';
import { type Page, useChange, useRead } from '../../api/read.ts';
import { request } from '../../api/request.ts';
import { useSpeech } from '../../language/language.tsx';
import { faultText } from '../../parts/failed.tsx';
import { Modal } from '../../parts/modal.tsx';
import { notify } from '../../parts/notices.tsx';
import { useSettled } from '../../parts/use-settled.ts';
import { keyText } from '../../parts/value-text.ts';
import type { Side } from '../errors/act.ts';
import { useNames } from '../use-names.ts';

type Pick = RecordDocument | 'create' | null;

export function CoupleDialog({ onClose }: { readonly onClose: () => void }) {
  const { t } = useSpeech();
  const { mappings } = useNames();
  const [name, setName] = useState<string | null>(null);
  const [channelChosen, setChannel] = useState<string | null>(null);
  const [picks, setPicks] = useState<Readonly<Record<Side, Pick>>>({ hq: null, channel: null });
  const [winner, setWinner] = useState<Side | 'any'>('any');
  const mapping = mappings.find((one) => one.name === name) ?? mappings[0];
  const channel =
    mapping?.channels.find((lane) => lane.channel === channelChosen)?.channel ?? mapping?.channels[0]?.channel ?? '';
  const couple = useChange(() =>
    request<CouplingDocument>('POST', '/couplings', { body: coupleBody(mapping?.name ?? '', channel, picks, winner) }),
  );
  const ready = picks.hq !== null && picks.channel !== null && !(picks.hq === 'create' && picks.channel === 'create');
  const confirm = (): void =>
    couple.mutate(undefined, {
      onSuccess: ({ id }) => {
        notify({ text: t.couplings.coupled });
        navigate(`/couplings/${id}`);
      },
    });
  const reset = (): void => setPicks({ hq: null, channel: null });
  return (
    <Modal
      title={t.couplings.couple}
      onClose={onClose}
      wide
      actions={
        <>
          <Button appearance="primary" disabled={!ready || couple.isPending} onClick={confirm}>
            {t.actions.couple}
          </Button>
          <Button onClick={onClose}>{t.words.cancel}</Button>
        </>
      }
    >
      <div role="alert">
        {couple.error !== null && <p className="banner banner-error">{faultText(t, couple.error)}</p>}
      </div>
      <Where
        mapping={mapping}
        channel={channel}
        onMapping={(value) => (setName(value), reset())}
        onChannel={(value) => (setChannel(value), reset())}
      />
      {mapping !== undefined && (
        <div className="columns">
          {(['hq', 'channel'] as const).map((side) => (
            <RecordPicker
              key={`${mapping.name} ${channel} ${side}`}
              mapping={mapping}
              channel={channel}
              side={side}
              picked={picks[side]}
              onPick={(pick) => setPicks({ ...picks, [side]: pick })}
            />
          ))}
        </div>
      )}
      <Field label={t.actions.chooseVersion}>
        <RadioGroup layout="horizontal" value={winner} onChange={(_, { value }) => setWinner(value as Side)}>
          <Radio value="any" label={t.couplings.asAnyNewPair} />
          <Radio value="hq" label={t.actions.hqVersion} />
          <Radio value="channel" label={t.actions.channelVersion} />
        </RadioGroup>
      </Field>
    </Modal>
  );
}

function coupleBody(
  mapping: string,
  channel: string,
  picks: Readonly<Record<Side, Pick>>,
  winner: Side | 'any',
): object {
  const keyOf = (pick: Pick): object | undefined => (pick === null || pick === 'create' ? undefined : pick.key);
  const createIn = picks.hq === 'create' ? 'hq' : picks.channel === 'create' ? 'channel' : undefined;
  return {
    mapping,
    channel,
    hqKey: keyOf(picks.hq),
    channelKey: keyOf(picks.channel),
    createIn,
    ...(createIn === undefined && winner !== 'any' && { winner }),
  };
}

interface WhereProps {
  readonly mapping: MappingDocument | undefined;
  readonly channel: string;
  readonly onMapping: (name: string) => void;
  readonly onChannel: (channel: string) => void;
}

function Where({ mapping, channel, onMapping, onChannel }: WhereProps) {
  const { t } = useSpeech();
  const { mappings } = useNames();
  return (
    <div className="columns">
      <Field label={t.words.mapping}>
        <Select value={mapping?.name ?? ''} onChange={(_, { value }) => onMapping(value)}>
          {mappings.map((one) => (
            <option key={one.name} value={one.name}>
              {one.label}
            </option>
          ))}
        </Select>
      </Field>
      <Field label={t.words.channel}>
        <Select value={channel} onChange={(_, { value }) => onChannel(value)}>
          {mapping?.channels.map((lane) => (
            <option key={lane.channel} value={lane.channel}>
              {lane.channelName}
            </option>
          ))}
        </Select>
      </Field>
    </div>
  );
}

interface RecordPickerProps {
  readonly mapping: MappingDocument;
  readonly channel: string;
  readonly side: Side;
  readonly picked: Pick;
  readonly onPick: (pick: Pick) => void;
}

const TYPING_MS = 300;
const SHOWN = '8';

function RecordPicker({ mapping, channel, side, picked, onPick }: RecordPickerProps) {
  const { t } = useSpeech();
  const [text, setText] = useState('');
  const q = useSettled(text, TYPING_MS);
  const records = useRead<Page<RecordDocument>>(
    `/mappings/${encodeURIComponent(mapping.name)}/records`,
    { side, channel, coupled: 'false', limit: SHOWN, ...(q !== '' && { q }) },
    { keep: true },
  );
  const items = records.data?.items ?? [];
  const value = picked === null ? '' : picked === 'create' ? 'create' : keyText(picked.key);
  return (
    <div className="stack">
      <Field label={side === 'hq' ? t.couplings.pickHq : t.couplings.pickChannel}>
        <Input
          type="search"
          placeholder={t.couplings.searchRecord}
          value={text}
          onChange={(_, data) => setText(data.value)}
        />
      </Field>
      <RadioGroup
        aria-label={side === 'hq' ? t.couplings.pickHq : t.couplings.pickChannel}
        value={value}
        onChange={(_, data) =>
          onPick(data.value === 'create' ? 'create' : (items.find(({ key }) => keyText(key) === data.value) ?? null))
        }
      >
        {items.map((record) => (
          <Radio
            key={keyText(record.key)}
            value={keyText(record.key)}
            label={`${record.description} (${keyText(record.key)})`}
          />
        ))}
        <Radio
          value="create"
          label={t.couplings.createIn(
            side === 'hq'
              ? t.words.hq
              : (mapping.channels.find((lane) => lane.channel === channel)?.channelName ?? channel),
          )}
        />
      </RadioGroup>
      {records.error !== null && <p className="banner banner-error">{faultText(t, records.error)}</p>}
      {records.data !== undefined && items.length === 0 && <p className="quiet">{t.couplings.noRecords}</p>}
    </div>
  );
}
