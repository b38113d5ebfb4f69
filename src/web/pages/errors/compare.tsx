/** Last synchronized value, HQ and channel side by side, the differences marked inside the text, a choice per field. */
import { Button, Input, Radio } from '@fluentui/react-components';
import { useState } from 'react';
import type { SynchronizationErrorDocument } from '../../../http/schemas/synchronization-errors.ts';
import { useSpeech } from '../../language/language.tsx';
import { Facts } from '../../parts/page-frame.tsx';
import { ComparedValue, Value } from '../../parts/value.tsx';
import { plainValue, sameValue } from '../../parts/value-text.ts';
import type { FieldChoice, Side } from './act.ts';
import { errorRecord } from './error-words.tsx';

type ErrorField = SynchronizationErrorDocument['fields'][number];

export interface Choices {
  readonly winner: Side | null;
  readonly fields: Readonly<Record<string, FieldChoice>>;
}

export const NO_CHOICES: Choices = { winner: null, fields: {} };

interface CompareProps {
  readonly error: SynchronizationErrorDocument;
  /** Null: nothing to choose, the values are only shown. */
  readonly choices: Choices | null;
  readonly onChoose: (choices: Choices) => void;
}

export const differs = (field: ErrorField): boolean =>
  field.conflicting || field.changedIn.length > 0 || (field.base === null && !sameValue(field.hq, field.channel));

/** A record that has no partner yet differs from nothing. */
export const isLone = (error: SynchronizationErrorDocument): boolean =>
  error.deletedIn === null && (!error.hqRecord.exists || !error.channelRecord.exists);

export function Compare(props: CompareProps) {
  return isLone(props.error) ? <LoneRecord error={props.error} /> : <Versions {...props} />;
}

function LoneRecord({ error }: { readonly error: SynchronizationErrorDocument }) {
  const side = error.hqRecord.exists ? 'hq' : 'channel';
  return <Facts of={error.fields.map((field) => ({ name: field.name, value: <Value value={field[side]} /> }))} />;
}

function Versions({ error, choices, onChoose }: CompareProps) {
  const { t } = useSpeech();
  const [all, setAll] = useState(false);
  const different = error.fields.filter(differs);
  const shown = all || different.length === 0 ? error.fields : different;
  const hidden = error.fields.length - different.length;
  return (
    <>
      <table className="compare">
        <thead>
          <tr>
            <th scope="col" className="compare-field">
              {t.words.field}
            </th>
            <SideHead side="hq" {...{ error, choices, onChoose }} />
            <th scope="col">
              <span className="compare-side">{t.words.lastSynchronized}</span>
            </th>
            <SideHead side="channel" {...{ error, choices, onChoose }} />
          </tr>
        </thead>
        <tbody>
          {shown.map((field) => (
            <FieldRow key={field.name} field={field} error={error} choices={choices} onChoose={onChoose} />
          ))}
        </tbody>
      </table>
      {different.length > 0 && hidden > 0 && (
        <Button size="small" appearance="subtle" onClick={() => setAll(!all)}>
          {all ? t.errors.hideUnchanged : t.errors.unchangedFields(hidden)}
        </Button>
      )}
    </>
  );
}

function SideHead({ side, error, choices, onChoose }: CompareProps & { readonly side: Side }) {
  const { t } = useSpeech();
  const record = side === 'hq' ? error.hqRecord : error.channelRecord;
  const name = side === 'hq' ? t.words.hq : error.channelName;
  return (
    <th scope="col">
      <span className="compare-side">{name}</span>
      <div className="compare-note">
        {record.exists ? errorRecord(record) : error.deletedIn === side ? t.errors.deletedHere : t.errors.recordMissing}
        {record.changedBy !== null && <> · {t.words.changedBy(record.changedBy)}</>}
      </div>
      {choices !== null && (
        <Button
          size="small"
          appearance={choices.winner === side ? 'primary' : 'secondary'}
          aria-pressed={choices.winner === side}
          onClick={() => onChoose({ winner: choices.winner === side ? null : side, fields: {} })}
        >
          {side === 'hq' ? t.errors.keepHq : t.errors.keepChannel}
        </Button>
      )}
    </th>
  );
}

interface FieldRowProps extends CompareProps {
  readonly field: ErrorField;
}

function FieldRow({ field, error, choices, onChoose }: FieldRowProps) {
  const { t } = useSpeech();
  const choosable = choices !== null && differs(field);
  const chosen = choices === null ? null : (choices.fields[field.name] ?? choices.winner);
  const choose = (choice: FieldChoice): void => {
    if (choices !== null) onChoose({ ...choices, fields: { ...choices.fields, [field.name]: choice } });
  };
  const cell = (side: Side) => (
    <td
      className={chosen === side && choosable ? 'compare-chosen' : undefined}
      data-label={side === 'hq' ? t.words.hq : error.channelName}
    >
      <SideValue
        field={field}
        side={side}
        error={error}
        chosen={choosable ? chosen === side : null}
        onChoose={() => choose(side)}
      />
    </td>
  );
  return (
    <tr>
      <th scope="row" className="compare-field">
        {field.name}
        {field.conflicting && <div className="compare-note">{t.kinds.conflict}</div>}
      </th>
      {cell('hq')}
      <td data-label={t.words.lastSynchronized}>
        {field.base === null ? <span className="value-empty">{t.errors.noBase}</span> : <Value value={field.base.hq} />}
        {choosable && field.conflicting && <OwnValue field={field} chosen={chosen} onChoose={choose} />}
      </td>
      {cell('channel')}
    </tr>
  );
}

interface SideValueProps {
  readonly field: ErrorField;
  readonly side: Side;
  readonly error: SynchronizationErrorDocument;
  /** Null: there is nothing to choose. */
  readonly chosen: boolean | null;
  readonly onChoose: () => void;
}

function SideValue({ field, side, error, chosen, onChoose }: SideValueProps) {
  const { t } = useSpeech();
  const record = side === 'hq' ? error.hqRecord : error.channelRecord;
  const before = field.base === null ? field[side === 'hq' ? 'channel' : 'hq'] : field.base[side];
  const changed = field.changedIn.includes(side) || (field.base === null && differs(field));
  const value = !record.exists ? (
    <span className="value-empty">{error.deletedIn === side ? t.errors.deletedHere : t.errors.recordMissing}</span>
  ) : changed ? (
    <ComparedValue before={before} after={field[side]} />
  ) : (
    <Value value={field[side]} />
  );
  if (chosen === null) return value;
  return (
    <label className="compare-choice">
      <Radio
        name={`choice-${field.name}`}
        checked={chosen}
        onChange={onChoose}
        aria-label={side === 'hq' ? t.errors.useHq(field.name) : t.errors.useChannel(field.name)}
      />
      <span className="compare-value">
        {value}
        {changed && <span className="compare-note"> · {t.errors.changed}</span>}
      </span>
    </label>
  );
}

interface OwnValueProps {
  readonly field: ErrorField;
  readonly chosen: FieldChoice | null;
  readonly onChoose: (choice: FieldChoice) => void;
}

function OwnValue({ field, chosen, onChoose }: OwnValueProps) {
  const { t } = useSpeech();
  const own = chosen !== null && typeof chosen === 'object' ? chosen : null;
  const choose = (text: string): void => onChoose({ value: typedLike(field.hq ?? field.channel, text), side: 'hq' });
  return (
    <div className="compare-own">
      {own === null ? (
        <Button size="small" appearance="subtle" onClick={() => choose(plainValue(field.hq))}>
          {t.errors.ownValue}
        </Button>
      ) : (
        <Input
          size="small"
          autoFocus
          aria-label={t.errors.ownValueFor(field.name)}
          value={plainValue(own.value)}
          onChange={(_, { value }) => choose(value)}
        />
      )}
    </div>
  );
}

/** A number that the API gives as a number is given back as one; what cannot be one is sent as it is and refused there. */
function typedLike(example: unknown, text: string): unknown {
  if (typeof example === 'number' && text.trim() !== '' && Number.isFinite(Number(text))) return Number(text);
  if (typeof example === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  if (typeof example !== 'object' || example === null) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
