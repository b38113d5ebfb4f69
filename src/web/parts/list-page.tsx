/** A list as a page: filters and rows from the address, states of waiting, emptiness and failure, and the export. */
import { Button } from '@fluentui/react-components';
import { ArrowDownloadRegular } from '@fluentui/react-icons/svg/arrow-download';
import { type ReactNode, useCallback, useEffect } from 'react';
import { useAddress } from '../address/address.ts';
import { useList, withQuery } from '../api/read.ts';
import { requestBlob } from '../api/request.ts';
import { useSpeech } from '../language/language.tsx';
import { Empty, Failed, faultText, isAbsent, Waiting } from './failed.tsx';
import type { FilterSpec } from './filter-bar.tsx';
import { rememberList } from './list-siblings.ts';
import { notify } from './notices.tsx';
import { type Column, RecordGrid } from './record-grid.tsx';
import type { Selection } from './use-selection.ts';

interface AddressListProps<Item> {
  readonly label: string;
  readonly path: string;
  readonly filters: readonly FilterSpec[];
  /** What the address does not say and the list always asks. */
  readonly always?: Readonly<Record<string, string>>;
  readonly columns: readonly Column<Item>[];
  readonly card: (item: Item) => ReactNode;
  readonly idOf: (item: Item) => string;
  readonly nameOf: (item: Item) => string;
  readonly hrefOf: (item: Item) => string | null;
  readonly selection?: Selection;
  readonly twoLines?: boolean;
  readonly empty: string;
  /** What is said where this Couplet has no such list. */
  readonly absent?: string;
  readonly onItems?: (items: readonly Item[], total: number) => void;
}

/** The part of the address that is the API's question. */
export function useListQuery(
  filters: readonly FilterSpec[],
  always: Readonly<Record<string, string>> = {},
): URLSearchParams {
  const { query } = useAddress();
  const known = new Set([...filters.map(({ name }) => name), 'q', 'sort', 'side', 'key']);
  const asked = new URLSearchParams([...query].filter(([name]) => known.has(name)));
  for (const [name, value] of Object.entries(always)) if (!asked.has(name)) asked.set(name, value);
  return asked;
}

export function AddressList<Item>(props: AddressListProps<Item>) {
  const { label, path, filters, always, columns, card, idOf, nameOf, hrefOf, selection, empty, absent, onItems } =
    props;
  const { t } = useSpeech();
  const query = useListQuery(filters, always);
  const list = useList<Item>(path, query);
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = list;
  const items = list.data?.pages.flatMap((page) => page.items) ?? [];
  const total = list.data?.pages[0]?.total ?? items.length;
  const fetchMore = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  useEffect(() => {
    onItems?.(items, total);
    rememberList(
      path,
      items.flatMap((item) => hrefOf(item) ?? []),
    );
  });
  if (absent !== undefined && isAbsent(list.error)) return <Empty>{absent}</Empty>;
  if (list.data === undefined)
    return list.error === null ? <Waiting /> : <Failed fault={list.error} onRetry={() => void list.refetch()} />;
  const filtered = [...query.keys()].some((name) => name !== 'sort' && always?.[name] === undefined);
  return (
    <>
      {items.length === 0 ? (
        <Empty>{filtered ? t.list.emptyFiltered : empty}</Empty>
      ) : (
        <RecordGrid
          label={label}
          items={items}
          total={Math.max(total, items.length)}
          idOf={idOf}
          nameOf={nameOf}
          hrefOf={hrefOf}
          columns={columns}
          card={card}
          sort={query.get('sort')}
          {...(selection && { selection })}
          twoLines={props.twoLines === true}
          onEnd={fetchMore}
        />
      )}
      <ListFoot path={path} query={query} loaded={items.length} total={total} />
    </>
  );
}

interface ListFootProps {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly loaded: number;
  readonly total: number;
}

function ListFoot({ path, query, loaded, total }: ListFootProps) {
  const { t } = useSpeech();
  const download = async (): Promise<void> => {
    try {
      const url = URL.createObjectURL(await requestBlob(withQuery(path, query), 'text/csv'));
      const anchor = document.createElement('a');
      anchor.href = url;
      anchor.download = `${path.split('/').at(-1) ?? 'list'}.csv`;
      anchor.click();
      URL.revokeObjectURL(url);
    } catch (fault) {
      notify({ text: faultText(t, fault), kind: 'bad' });
    }
  };
  return (
    <div className="list-foot">
      <span role="status">{loaded < total ? t.list.countOf(loaded, total) : t.list.count(total)}</span>
      <Button
        size="small"
        appearance="subtle"
        icon={<ArrowDownloadRegular />}
        disabled={total === 0}
        onClick={() => void download()}
      >
        {t.list.export}
      </Button>
    </div>
  );
}
