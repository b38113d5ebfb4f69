/** What can be done to the errors that are selected. An action is offered when every one of them allows it. */
import { Button } from '@fluentui/react-components';
import { Suspense, useState } from 'react';
import type { SynchronizationErrorDocument } from '../../../http/schemas/synchronization-errors.ts';
import { useMay } from '../../api/me.ts';
import { useSpeech } from '../../language/language.tsx';
import { type ListFilter, sameFilter } from '../../parts/list-filter.ts';
import type { Selection } from '../../parts/use-selection.ts';
import type { ErrorAction, Target } from './act.ts';
import { useActNow } from './use-act.ts';
import { lazyPart } from '../../parts/lazy-part.ts';

const ActDialog = lazyPart(async () => (await import('./act-dialog.tsx')).ActDialog);

const OFFERED: readonly ErrorAction[] = [
  'retry',
  'synchronize',
  'restore',
  'delete',
  'remove-coupling',
  'approve',
  'decline',
];
/** Asked first: they choose, or cannot be taken back lightly. */
const AT_ONCE: ReadonlySet<ErrorAction> = new Set(['retry']);

interface BulkActionsProps {
  readonly selection: Selection;
  readonly items: readonly SynchronizationErrorDocument[];
  /** What the filters find, loaded or not; without filters nothing is done to everything. */
  readonly filter: ListFilter;
  readonly total: number;
}

export function BulkActions({ selection, items, filter, total }: BulkActionsProps) {
  const { t } = useSpeech();
  const may = useMay();
  const { actNow } = useActNow();
  // What is asked about is what was selected then, however the list moves on below the question.
  const [asking, setAsking] = useState<{ readonly action: ErrorAction; readonly target: Target } | null>(null);
  const [wholeFilter, setWholeFilter] = useState<ListFilter | null>(null);
  const selected = items.filter(({ id }) => selection.has(id));
  if (selected.length === 0) return null;
  const allowed = OFFERED.filter(
    (action) =>
      selected.every((error) => error.allowedActions.includes(action)) && (action !== 'approve' || may('admin')),
  );
  const [single] = selected;
  // Chosen for what the filters found then: another filter, or another row, ends it.
  const whole = wholeFilter !== null && selected.length === items.length && sameFilter(wholeFilter, filter);
  const target: Target = whole
    ? { kind: 'filter', filter, count: total }
    : selected.length === 1 && single !== undefined
      ? { kind: 'one', error: single }
      : { kind: 'ids', ids: selected.map(({ id }) => id) };
  const mayTakeAll =
    !whole && Object.keys(filter).length > 0 && selected.length === items.length && total > items.length;
  const start = (action: ErrorAction): void => {
    if (!AT_ONCE.has(action)) return setAsking({ action, target });
    actNow(target, { action });
    selection.clear();
  };
  return (
    <div className="selection-bar">
      <span className="selection-count" role="status">
        {t.list.selected(whole ? total : selected.length)}
      </span>
      {mayTakeAll && (
        <Button size="small" appearance="outline" onClick={() => setWholeFilter(filter)}>
          {t.list.selectFiltered(total)}
        </Button>
      )}
      {allowed.map((action) => (
        <Button key={action} size="small" appearance="subtle" onClick={() => start(action)}>
          {t.actions[action]}
        </Button>
      ))}
      <Button size="small" appearance="subtle" onClick={selection.clear}>
        {t.list.clearSelection}
      </Button>
      {asking !== null && (
        <Suspense fallback={null}>
          <ActDialog
            target={asking.target}
            decision={{ action: asking.action }}
            onClose={() => setAsking(null)}
            onDone={() => {
              setAsking(null);
              selection.clear();
            }}
          />
        </Suspense>
      )}
    </div>
  );
}
