/** Customer attributes with old and new values; while editing, the new ones are fields. */
import { Button, Input } from '@fluentui/react-components';
import { ArrowResetRegular } from '@fluentui/react-icons/svg/arrow-reset';
import type { OperationAttribute, OperationDetail } from '../../api/commerce.ts';
import { useSpeech } from '../../language/language.tsx';
import { ComparedValue, Value } from '../../parts/value.tsx';
import { plainValue } from '../../parts/value-text.ts';
import type { Draft } from './draft.ts';

interface AttributesProps {
  readonly operation: OperationDetail;
  readonly editing: boolean;
  readonly draft: Draft;
  readonly onDraft: (draft: Draft) => void;
}

export function Attributes({ operation, editing, draft, onDraft }: AttributesProps) {
  const { t } = useSpeech();
  return (
    <table className="table table-cards attributes">
      <thead>
        <tr>
          <th scope="col">{t.operations.attribute}</th>
          <th scope="col">{t.words.old}</th>
          <th scope="col">{t.words.new}</th>
        </tr>
      </thead>
      <tbody>
        {operation.attributes.map((attribute) => (
          <tr key={attribute.name}>
            <th scope="row">{attribute.name}</th>
            <td data-label={t.words.old}>
              <Value value={attribute.oldValue} />
            </td>
            <td data-label={t.words.new}>
              {editing ? (
                <AttributeInput
                  attribute={attribute}
                  draft={draft}
                  onDraft={onDraft}
                  invalid={operation.lastKnownError?.field === attribute.name}
                />
              ) : (
                <NewValue attribute={attribute} original={originalOf(operation, attribute.name)} />
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** What the channel sent, where somebody has corrected it. */
function originalOf(operation: OperationDetail, name: string): { readonly value: unknown } | null {
  const [first] = operation.edits.filter((edit) => edit.name === name);
  return first === undefined ? null : { value: first.old };
}

interface NewValueProps {
  readonly attribute: OperationAttribute;
  readonly original: { readonly value: unknown } | null;
}

function NewValue({ attribute, original }: NewValueProps) {
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
          · {t.operations.original(plainValue(original.value) || t.words.emptyValue)}
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
}

function AttributeInput({ attribute, draft, onDraft, invalid }: AttributeInputProps) {
  const { t } = useSpeech();
  const { name } = attribute;
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
        aria-invalid={invalid && !drafted}
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
    </span>
  );
}
