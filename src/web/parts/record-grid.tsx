/**
 * A list of any length: only the rows in view are drawn, and more are fetched as the end comes near. One stop for Tab;
 * within, arrows move a row, Enter opens it, Space selects it. The focus stays on the grid and `aria-activedescendant`
 * names the row, since a row that scrolls out of view is not there any more.
 */
import { Checkbox } from '@fluentui/react-components';
import { ArrowDownRegular } from '@fluentui/react-icons/svg/arrow-down';
import { ArrowUpRegular } from '@fluentui/react-icons/svg/arrow-up';
import { type CSSProperties, type KeyboardEvent, type ReactNode, useId } from 'react';
import { changeQuery, navigate } from '../address/address.ts';
import { useSpeech } from '../language/language.tsx';
import type { Selection } from './use-selection.ts';
import { useMiddling, useNarrow } from './use-narrow.ts';
import { useRows } from './use-rows.ts';

export interface Column<Item> {
  readonly id: string;
  readonly name: string;
  /** A track of a CSS grid. */
  readonly width: string;
  readonly cell: (item: Item) => ReactNode;
  /** Name of the API's sort. */
  readonly sort?: string;
  readonly end?: boolean;
}

export interface RecordGridProps<Item> {
  readonly label: string;
  readonly items: readonly Item[];
  readonly total: number;
  readonly idOf: (item: Item) => string;
  readonly nameOf: (item: Item) => string;
  readonly hrefOf: (item: Item) => string | null;
  readonly columns: readonly Column<Item>[];
  /** The row in a narrow window. */
  readonly card: (item: Item) => ReactNode;
  readonly sort: string | null;
  readonly selection?: Selection;
  /** Long texts take two lines while the window is not wide. */
  readonly twoLines?: boolean;
  readonly onEnd: () => void;
}

const ROW_HEIGHT = 36;
const TALL_ROW_HEIGHT = 52;
const CARD_HEIGHT = 92;

export function RecordGrid<Item>(props: RecordGridProps<Item>) {
  const { label, items, total, idOf, columns, selection, card } = props;
  const narrow = useNarrow();
  const tall = useMiddling() && props.twoLines === true && !narrow;
  const gridId = useId();
  const rows = useRows(items.map(idOf), narrow ? CARD_HEIGHT : tall ? TALL_ROW_HEIGHT : ROW_HEIGHT, props.onEnd);
  const tracks = columns.map(({ width }) => width).join(' ');
  const style = {
    '--columns': narrow
      ? selection
        ? '36px minmax(0, 1fr)'
        : 'minmax(0, 1fr)'
      : selection
        ? `36px ${tracks}`
        : tracks,
  } as CSSProperties;
  const rowId = (id: string): string => `${gridId}-${id}`;
  return (
    <div
      ref={rows.scroller}
      className={narrow ? 'grid grid-narrow' : tall ? 'grid grid-two' : 'grid'}
      style={style}
      role="grid"
      tabIndex={0}
      aria-label={label}
      aria-rowcount={total + 1}
      aria-multiselectable={selection !== undefined}
      aria-activedescendant={rows.activeId === null ? undefined : rowId(rows.activeId)}
      onKeyDown={(event) => handleKey(event, props, rows)}
      onScroll={rows.onScroll}
    >
      <Head {...props} narrow={narrow} />
      <div role="rowgroup" className="grid-body" style={{ height: items.length * rows.rowHeight }}>
        {items.slice(rows.from, rows.until).map((item, at) => (
          <Row
            key={idOf(item)}
            {...props}
            item={item}
            domId={rowId(idOf(item))}
            index={rows.from + at}
            top={(rows.from + at) * rows.rowHeight}
            active={idOf(item) === rows.activeId}
            onPoint={() => rows.activate(rows.from + at)}
          >
            {narrow ? (
              <div role="gridcell" className="grid-cell grid-card">
                {card(item)}
              </div>
            ) : (
              columns.map(({ id, cell, end }) => (
                <div key={id} role="gridcell" className={end === true ? 'grid-cell grid-end' : 'grid-cell'}>
                  {cell(item)}
                </div>
              ))
            )}
          </Row>
        ))}
      </div>
    </div>
  );
}

type Rows = ReturnType<typeof useRows>;

function handleKey<Item>(event: KeyboardEvent<HTMLDivElement>, props: RecordGridProps<Item>, rows: Rows): void {
  // Keys pressed on a button or link within the grid are theirs.
  if (event.target !== event.currentTarget || event.altKey) return;
  const item = props.items[rows.activeIndex];
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'a' && props.selection !== undefined) {
    event.preventDefault();
    props.selection.setMany(props.items.map(props.idOf), true);
  } else if (event.key === 'Enter' && item !== undefined) {
    const href = props.hrefOf(item);
    if (href !== null) navigate(href);
  } else if (event.key === ' ' && item !== undefined && props.selection !== undefined) {
    event.preventDefault();
    props.selection.toggle(props.idOf(item));
  } else if (rows.move(event.key)) event.preventDefault();
}

function Head<Item>({
  items,
  idOf,
  columns,
  sort,
  selection,
  narrow,
}: RecordGridProps<Item> & { readonly narrow: boolean }) {
  const { t } = useSpeech();
  const all = selection !== undefined && items.length > 0 && items.every((item) => selection.has(idOf(item)));
  return (
    <div role="rowgroup" className="grid-head">
      <div role="row" className="grid-row" aria-rowindex={1}>
        {selection !== undefined && (
          <div role="columnheader" className="grid-check">
            <Checkbox
              aria-label={t.list.selectAll}
              checked={all ? true : selection.size > 0 ? 'mixed' : false}
              onChange={() => selection.setMany(items.map(idOf), !all)}
            />
          </div>
        )}
        {narrow ? (
          <div role="columnheader" className="grid-cell">
            <NarrowSort columns={columns} sort={sort} />
          </div>
        ) : (
          columns.map((column) => <HeadCell key={column.id} column={column} sort={sort} />)
        )}
      </div>
    </div>
  );
}

/** Cards have no headings to press. */
function NarrowSort<Item>({
  columns,
  sort,
}: {
  readonly columns: readonly Column<Item>[];
  readonly sort: string | null;
}) {
  const { t } = useSpeech();
  const directions = columns.flatMap(({ name, sort: by }) =>
    by === undefined
      ? []
      : [
          { by, text: `${name} ↑` },
          { by: `-${by}`, text: `${name} ↓` },
        ],
  );
  return (
    <select
      className="grid-narrow-sort"
      aria-label={t.list.sort}
      value={sort ?? ''}
      onChange={({ target }) => changeQuery({ sort: target.value === '' ? null : target.value })}
    >
      <option value="">{t.list.sort}</option>
      {directions.map(({ by, text }) => (
        <option key={by} value={by}>
          {text}
        </option>
      ))}
    </select>
  );
}

function HeadCell<Item>({ column, sort }: { readonly column: Column<Item>; readonly sort: string | null }) {
  const { t } = useSpeech();
  const { name, sort: by, end } = column;
  const className = end === true ? 'grid-cell grid-end' : 'grid-cell';
  if (by === undefined)
    return (
      <div role="columnheader" className={className}>
        {name}
      </div>
    );
  const direction = sort === by ? 'ascending' : sort === `-${by}` ? 'descending' : 'none';
  return (
    <div role="columnheader" className={className} aria-sort={direction}>
      <button
        type="button"
        className="grid-sort"
        title={t.list.sortBy(name)}
        onClick={() => changeQuery({ sort: direction === 'ascending' ? `-${by}` : by })}
      >
        {name}
        {direction === 'ascending' && <ArrowUpRegular aria-hidden />}
        {direction === 'descending' && <ArrowDownRegular aria-hidden />}
      </button>
    </div>
  );
}

interface RowProps<Item> extends RecordGridProps<Item> {
  readonly item: Item;
  readonly domId: string;
  readonly index: number;
  readonly top: number;
  readonly active: boolean;
  readonly onPoint: () => void;
  readonly children: ReactNode;
}

function Row<Item>({
  item,
  domId,
  index,
  top,
  active,
  onPoint,
  idOf,
  nameOf,
  hrefOf,
  selection,
  children,
}: RowProps<Item>) {
  const { t } = useSpeech();
  const selected = selection?.has(idOf(item)) ?? false;
  const href = hrefOf(item);
  const state = `${active ? ' grid-active' : ''}${selected ? ' grid-selected' : ''}${href === null ? '' : ' grid-opens'}`;
  return (
    // Keys are the grid's: it has the focus. The pointer may press anywhere on the row.
    <div
      role="row"
      id={domId}
      className={`grid-row${state}`}
      style={{ transform: `translateY(${top}px)` }}
      aria-rowindex={index + 2}
      aria-selected={selection === undefined ? undefined : selected}
      onClick={(event) => {
        onPoint();
        if ((event.target as HTMLElement).closest('a, button, input, label') === null && href !== null) navigate(href);
      }}
    >
      {selection !== undefined && (
        <div role="gridcell" className="grid-check">
          <Checkbox
            tabIndex={-1}
            aria-label={t.list.select(nameOf(item))}
            checked={selected}
            onChange={() => selection.toggle(idOf(item))}
          />
        </div>
      )}
      {children}
    </div>
  );
}
