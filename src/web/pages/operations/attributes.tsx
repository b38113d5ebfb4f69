/** Customer attributes with old and new values; while editing, the new ones are fields. */
import { Button, Input } from '@fluentui/react-components';
import { ArrowResetRegular } from '@fluentui/react-icons/svg/arrow-reset';
import { useId } from 'react';
import type { CustomerOperationDocument } from '../../../http/schemas/customer-operations.ts';
import { useSpeech } from '../../language/language.tsx';
import { CardTable } from '../../parts/card-table.tsx';
import { ComparedValue, Value } from '../../parts/value.tsx';
import { plainValue, sameValue } from '../../parts/value-text.ts';
import type { Draft } from './draft.ts';

type OperationAttribute = CustomerOperationDocument['attributes'][number];

interface AttributesProps {
  readonly operation: CustomerOperationDocument;
  readonly editing: boolean;
  readonly draft: Draft;
  /** What HQ said of a value that was to be saved, by attribute. */
  readonly refusals: Readonly<Record<string, string>>;
  readonly onDraft: (draft: Draft) => void;
  /** Takes a saved correction back; null where that is not offered. */
  readonly onReset: ((name: string) => void) | null;
}

export function Attributes({ operation, editing, draft, refusals, onDraft, onReset }: AttributesProps) {
  const { t } = useSpeech();
  return (
    <CardTable columns={[t.operations.attribute, t.words.old, t.words.new]} className="attributes">
      {operation.attributes.map((attribute) => (
        <tr key={attribute.name}>
          <th scope="row">{attribute.name}</th>
          <td data-label={t.words.old}>
            <Value value={attribute.oldValue} />
          </td>
          <td data-label={t.words.new}>
            {editing && attribute.readOnly !== true ? (
              <AttributeInput
                attribute={attribute}
                draft={draft}
                onDraft={onDraft}
                invalid={operation.lastKnownError?.field === attribute.name}
                refusal={refusals[attribute.name] ?? null}
              />
            ) : (
              <NewValue attribute={attribute} original={originalOf(operation, attribute.name)} onReset={onReset} />
            )}
          </td>
        </tr>
      ))}
    </CardTable>
  );
}

/** What the channel sent, where somebody has corrected it. */
function originalOf(operation: CustomerOperationDocument, name: string): { readonly value: unknown } | null {
  const [first] = operation.edits.filter((edit) => edit.name === name);
  const now = operation.attributes.find((attribute) => attribute.name === name);
  return first === undefined || sameValue(first.old, now?.newValue) ? null : { value: first.old };
}

interface NewValueProps {
  readonly attribute: OperationAttribute;
  readonly original: { readonly value: unknown } | null;
  readonly onReset: ((name: string) => void) | null;
}

function NewValue({ attribute, original, onReset }: NewValueProps) {
  const { t } = useSpeech();
  return (
    <>
      {attribute.changed ? (
        <ComparedValue before={attribute.oldValue} after={attribute.newValue} />
      ) : (
        <Value value={attribute.newValue} />
      )}
      {original !== null && (
        <span className="compare-note">
          {' '}
          · {t.operations.original(plainValue(original.value) || t.words.emptyValue)}{' '}
          {onReset !== null && (
            <Button
              size="small"
              appearance="subtle"
              icon={<ArrowResetRegular />}
              aria-label={`${t.operations.reset}: ${attribute.name}`}
              title={t.operations.reset}
              onClick={() => onReset(attribute.name)}
            />
          )}
        </span>
      )}
    </>
  );
}

interface AttributeInputProps {
  readonly attribute: OperationAttribute;
  readonly draft: Draft;
  readonly onDraft: (draft: Draft) => void;
  readonly invalid: boolean;
  readonly refusal: string | null;
}

function AttributeInput({ attribute, draft, onDraft, invalid, refusal }: AttributeInputProps) {
  const { t } = useSpeech();
  const { name } = attribute;
  const refusalId = useId();
  const drafted = Object.hasOwn(draft, name);
  const stored = plainValue(attribute.newValue);
  const change = (value: string): void => {
    const { [name]: _, ...others } = draft;
    onDraft(value === stored ? others : { ...others, [name]: value === '' ? null : value });
  };
  return (
    <span className="button-row attribute-input">
      <Input
        size="small"
        aria-label={t.operations.newValueFor(name)}
        aria-invalid={refusal !== null || (invalid && !drafted)}
        aria-describedby={refusal === null ? undefined : refusalId}
        value={drafted ? (draft[name] ?? '') : stored}
        onChange={(_, { value }) => change(value)}
      />
      {drafted && (
        <Button
          size="small"
          appearance="subtle"
          icon={<ArrowResetRegular />}
          aria-label={`${t.operations.reset}: ${name}`}
          onClick={() => change(stored)}
        />
      )}
      {refusal !== null && (
        <span id={refusalId} className="attribute-refusal">
          {refusal}
        </span>
      )}
    </span>
  );
}
