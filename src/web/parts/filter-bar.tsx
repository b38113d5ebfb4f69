/** Search and filter chips above a list. They are the query of the address, and nothing else knows them. */
import { Button, Input } from '@fluentui/react-components';
import { ChevronDownRegular } from '@fluentui/react-icons/svg/chevron-down';
import { DismissRegular } from '@fluentui/react-icons/svg/dismiss';
import { SearchRegular } from '@fluentui/react-icons/svg/search';
import { type ReactNode, Suspense, useEffect, useRef, useState } from 'react';
import { changeQuery, useAddress } from '../address/address.ts';
import { useSpeech } from '../language/language.tsx';
import { lazyPart } from './lazy-part.ts';

const loadMenu = async () => (await import('./filter-menu.tsx')).FilterMenu;
const FilterMenu = lazyPart(loadMenu);

export interface Choice {
  readonly value: string;
  readonly name: string;
}

export interface FilterSpec {
  /** Name of the query parameter. */
  readonly name: string;
  readonly label: string;
  /** Absent: not chosen here but by a link, and shown while it is set. */
  readonly choices?: readonly Choice[];
  /** A name for a value that came by a link. */
  readonly nameOf?: (value: string) => string;
  readonly single?: boolean;
}

interface FilterBarProps {
  readonly filters: readonly FilterSpec[];
  readonly searchable?: boolean;
  readonly children?: ReactNode;
}

export function FilterBar({ filters, searchable = true, children }: FilterBarProps) {
  const { t } = useSpeech();
  const { query } = useAddress();
  const set = filters.filter(({ name }) => query.has(name));
  const anything = set.length > 0 || query.has('q');
  const clear = (): void => changeQuery(Object.fromEntries([...filters.map(({ name }) => [name, null]), ['q', null]]));
  return (
    <div className="filter-bar" role="search" aria-label={t.list.filters}>
      {searchable && <SearchBox />}
      {filters.map((filter) =>
        filter.choices === undefined ? (
          query.has(filter.name) && <SetChip key={filter.name} filter={filter} values={query.getAll(filter.name)} />
        ) : (
          <ChoiceChip key={filter.name} filter={filter} values={query.getAll(filter.name)} />
        ),
      )}
      {children}
      {anything && (
        <Button size="small" appearance="subtle" onClick={clear}>
          {t.list.clear}
        </Button>
      )}
    </div>
  );
}

const TYPING_MS = 250;

function SearchBox() {
  const { t } = useSpeech();
  const { query } = useAddress();
  const asked = query.get('q') ?? '';
  const [text, setText] = useState(asked);
  const typed = useRef(asked);
  // Back and cleared filters change the address without anybody typing.
  useEffect(() => {
    if (asked !== typed.current) {
      typed.current = asked;
      setText(asked);
    }
  }, [asked]);
  useEffect(() => {
    if (text === typed.current) return;
    const timer = window.setTimeout(() => {
      typed.current = text;
      changeQuery({ q: text === '' ? null : text }, { replace: true });
    }, TYPING_MS);
    return () => window.clearTimeout(timer);
  }, [text]);
  return (
    <Input
      className="filter-search"
      size="small"
      type="search"
      aria-label={t.list.searchRecords}
      placeholder={t.list.searchRecords}
      contentBefore={<SearchRegular aria-hidden />}
      value={text}
      onChange={(_, { value }) => setText(value)}
    />
  );
}

function ChoiceChip({ filter, values }: { readonly filter: FilterSpec; readonly values: readonly string[] }) {
  const { t, format } = useSpeech();
  const chip = useRef<HTMLButtonElement>(null);
  const [open, setOpen] = useState(false);
  const { name, label, choices = [], single = false } = filter;
  const chosen = choices.filter(({ value }) => values.includes(value));
  const text = chosen.length === 0 ? label : `${label}: ${format.list(chosen.map((choice) => choice.name))}`;
  return (
    <span className={chosen.length === 0 ? 'chip' : 'chip chip-set'}>
      <button
        ref={chip}
        type="button"
        className="chip-button"
        aria-haspopup="menu"
        aria-expanded={open}
        onPointerEnter={() => void loadMenu().catch(() => {})}
        onClick={() => setOpen(!open)}
        onKeyDown={(event) => {
          if (event.key !== 'ArrowDown') return;
          event.preventDefault();
          setOpen(true);
        }}
      >
        <span className="chip-text">{text}</span>
        <ChevronDownRegular aria-hidden />
      </button>
      {open && (
        <Suspense fallback={null}>
          <FilterMenu {...{ chip, name, label, choices, single, values }} onClose={() => setOpen(false)} />
        </Suspense>
      )}
      {chosen.length > 0 && <RemoveChip label={t.list.removeFilter(label)} name={name} />}
    </span>
  );
}

function SetChip({ filter, values }: { readonly filter: FilterSpec; readonly values: readonly string[] }) {
  const { t, format } = useSpeech();
  const names = values.map((value) => filter.nameOf?.(value) ?? value);
  return (
    <span className="chip chip-set">
      <span className="chip-button chip-text">
        {filter.label}: {format.list(names)}
      </span>
      <RemoveChip label={t.list.removeFilter(filter.label)} name={filter.name} />
    </span>
  );
}

const RemoveChip = ({ label, name }: { readonly label: string; readonly name: string }) => (
  <button
    type="button"
    className="chip-remove"
    aria-label={label}
    title={label}
    onClick={() => changeQuery({ [name]: null })}
  >
    <DismissRegular aria-hidden />
  </button>
);
