/** One action, or one correction, for the operations that are selected. */
import { Button, Field, Input, Select, Textarea } from '@fluentui/react-components';
import { useState } from 'react';
import type { CustomerOperationDocument } from '../../../http/schemas/customer-operations.ts';
import { useMay } from '../../api/me.ts';
import { useChange } from '../../api/read.ts';
import { request } from '../../api/request.ts';
import { useSpeech } from '../../language/language.tsx';
import { faultText } from '../../parts/failed.tsx';
import { type ListFilter, sameFilter } from '../../parts/list-filter.ts';
import { Modal } from '../../parts/modal.tsx';
import { notify } from '../../parts/notices.tsx';
import type { Selection } from '../../parts/use-selection.ts';

const ACTIONS = ['synchronize', 'save', 'dismiss', 'reopen'] as const;
type BulkAction = (typeof ACTIONS)[number];

interface BulkBody {
  readonly action: BulkAction;
  readonly reason?: string;
  readonly attributes?: Readonly<Record<string, unknown>>;
}

interface Target {
  readonly count: number;
  readonly of: { readonly ids: readonly string[] } | { readonly filter: ListFilter; readonly expect: number };
}

interface BulkOperationsProps {
  readonly selection: Selection;
  readonly items: readonly CustomerOperationDocument[];
  /** What the filters find, loaded or not; without filters nothing is done to everything. */
  readonly filter: ListFilter;
  readonly total: number;
}

export function BulkOperations({ selection, items, filter, total }: BulkOperationsProps) {
  const { t } = useSpeech();
  const may = useMay();
  // What is asked about is what was selected then, however the list moves on below the question.
  const [asking, setAsking] = useState<{ readonly action: 'save' | 'dismiss'; readonly target: Target } | null>(null);
  const [wholeFilter, setWholeFilter] = useState<ListFilter | null>(null);
  const selected = items.filter(({ id }) => selection.has(id));
  const everyLoaded = selected.length === items.length;
  const whole = everyLoaded && wholeFilter !== null && sameFilter(wholeFilter, filter);
  const target: Target = whole
    ? { count: total, of: { filter, expect: total } }
    : { count: selected.length, of: { ids: selected.map(({ id }) => id) } };
  const begin = useBulk(selection.clear);
  if (selected.length === 0 || !may('operator')) return null;
  const allow = (action: BulkAction): boolean =>
    selected.every((operation) => operation.allowedActions.includes(action));
  const start = (body: BulkBody, of = asking?.target ?? target): void => {
    setAsking(null);
    begin(body, of);
  };
  return (
    <div className="selection-bar">
      <span className="selection-count" role="status">
        {t.list.selected(target.count)}
      </span>
      {!whole && everyLoaded && total > items.length && Object.keys(filter).length > 0 && (
        <Button size="small" appearance="outline" onClick={() => setWholeFilter(filter)}>
          {t.list.selectFiltered(total)}
        </Button>
      )}
      {ACTIONS.filter(allow).map((action) => (
        <Button
          key={action}
          size="small"
          appearance="subtle"
          onClick={() =>
            action === 'save' || action === 'dismiss' ? setAsking({ action, target }) : start({ action })
          }
        >
          {action === 'save' ? t.operations.correctMany : t.operations[action]}
        </Button>
      ))}
      <Button size="small" appearance="subtle" onClick={selection.clear}>
        {t.list.clearSelection}
      </Button>
      {asking?.action === 'dismiss' && (
        <DismissDialog
          count={asking.target.count}
          onClose={() => setAsking(null)}
          onDismiss={(reason) => start({ action: 'dismiss', reason })}
        />
      )}
      {asking?.action === 'save' && (
        <CorrectDialog
          operations={selected}
          onClose={() => setAsking(null)}
          onSave={(name, value) => start({ action: 'save', attributes: { [name]: value } })}
        />
      )}
    </div>
  );
}

/** Begins the job and tells so; `onBegun` when it was accepted. */
function useBulk(onBegun: () => void): (body: BulkBody, target: Target) => void {
  const { t } = useSpeech();
  const bulk = useChange(({ body, of }: { readonly body: BulkBody; readonly of: Target['of'] }) =>
    request<{ id: string }>('POST', '/customer-operations/bulk', { body: { ...body, ...of } }),
  );
  return (body, { count, of }) =>
    bulk.mutate(
      { body, of },
      {
        onSuccess: ({ id }) => {
          notify({
            text: t.operations.notices.bulkStarted(count),
            link: { href: `/jobs/${id}`, text: t.words.job },
          });
          onBegun();
        },
        onError: (fault) => notify({ text: faultText(t, fault), kind: 'bad' }),
      },
    );
}

interface DismissDialogProps {
  readonly count: number;
  readonly also?: number;
  readonly onClose: () => void;
  readonly onDismiss: (reason: string) => void;
}

export function DismissDialog({ count, also = 0, onClose, onDismiss }: DismissDialogProps) {
  const { t, format } = useSpeech();
  const [reason, setReason] = useState('');
  return (
    <Modal
      title={count === 1 ? t.operations.dismiss : `${t.operations.dismiss} (${format.number(count)})`}
      onClose={onClose}
      actions={
        <>
          <Button appearance="primary" disabled={reason.trim() === ''} onClick={() => onDismiss(reason.trim())}>
            {t.operations.dismiss}
          </Button>
          <Button onClick={onClose}>{t.words.cancel}</Button>
        </>
      }
    >
      {also > 0 && <p className="banner banner-warning">{t.operations.dismissAlso(also)}</p>}
      <Field label={t.operations.dismissReason} required>
        <Textarea rows={2} value={reason} onChange={(_, { value }) => setReason(value)} />
      </Field>
    </Modal>
  );
}

interface CorrectDialogProps {
  readonly operations: readonly CustomerOperationDocument[];
  readonly onClose: () => void;
  readonly onSave: (name: string, value: string | null) => void;
}

function CorrectDialog({ operations, onClose, onSave }: CorrectDialogProps) {
  const { t } = useSpeech();
  const settable = operations.flatMap(({ attributes }) => attributes.filter(({ readOnly }) => readOnly !== true));
  const names = [...new Set(settable.map(({ name }) => name))];
  const [name, setName] = useState(names[0] ?? '');
  const [value, setValue] = useState('');
  return (
    <Modal
      title={t.operations.correctMany}
      onClose={onClose}
      actions={
        <>
          <Button appearance="primary" disabled={name === ''} onClick={() => onSave(name, value === '' ? null : value)}>
            {t.operations.save}
          </Button>
          <Button onClick={onClose}>{t.words.cancel}</Button>
        </>
      }
    >
      <Field label={t.operations.attribute}>
        <Select value={name} onChange={(_, data) => setName(data.value)}>
          {names.map((one) => (
            <option key={one} value={one}>
              {one}
            </option>
          ))}
        </Select>
      </Field>
      <Field label={t.operations.newValueFor(name)}>
        <Input value={value} onChange={(_, data) => setValue(data.value)} />
      </Field>
    </Modal>
  );
}
