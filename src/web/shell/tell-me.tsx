/** Tell Me: one search over pages, actions, mappings and records, as Business Central has it under Alt+Q. */
import { Input } from '@fluentui/react-components';
import { SearchRegular } from '@fluentui/react-icons/svg/search';
import { type KeyboardEvent, useId, useState } from 'react';
import { navigate } from '../address/address.ts';
import { useSpeech } from '../language/language.tsx';
import { Modal } from '../parts/modal.tsx';
import { useSettled } from '../parts/use-settled.ts';
import { type Found, useFoundRecords, usePlaces } from './find-places.ts';

const TYPING_MS = 200;

export function TellMe({ onClose }: { readonly onClose: () => void }) {
  const { t } = useSpeech();
  const [text, setText] = useState('');
  const [chosen, setChosen] = useState(0);
  const listId = useId();
  const places = usePlaces(text);
  const records = useFoundRecords(useSettled(text.trim(), TYPING_MS));
  const found = [...places, ...records.found];
  const active = Math.min(chosen, Math.max(0, found.length - 1));
  const go = (result: Found | undefined): void => {
    if (result === undefined) return;
    onClose();
    if (result.act === undefined) navigate(result.href);
    else result.act();
  };
  const press = (event: KeyboardEvent): void => {
    if (event.key === 'Enter') go(found[active]);
    else if (event.key === 'ArrowDown') setChosen(Math.min(found.length - 1, active + 1));
    else if (event.key === 'ArrowUp') setChosen(Math.max(0, active - 1));
    else return;
    event.preventDefault();
  };
  return (
    <Modal title={t.tellMe.title} onClose={onClose}>
      <Input
        data-first-focus
        role="combobox"
        aria-label={t.tellMe.placeholder}
        aria-expanded={found.length > 0}
        aria-controls={listId}
        aria-autocomplete="list"
        aria-activedescendant={found.length > 0 ? `${listId}-${active}` : undefined}
        placeholder={t.tellMe.placeholder}
        contentBefore={<SearchRegular aria-hidden />}
        value={text}
        onChange={(_, { value }) => {
          setText(value);
          setChosen(0);
        }}
        onKeyDown={press}
      />
      <div className="tell-me-results" id={listId} role="listbox" aria-label={t.tellMe.title}>
        {found.map((result, at) => (
          <Result
            key={`${result.group} ${result.href} ${result.name}`}
            id={`${listId}-${at}`}
            result={result}
            first={found[at - 1]?.group !== result.group}
            active={at === active}
            onGo={() => go(result)}
          />
        ))}
      </div>
      <p className="quiet" role="status">
        {records.searching
          ? t.tellMe.searching
          : found.length === 0
            ? t.tellMe.nothing(text)
            : t.tellMe.results(found.length)}
      </p>
    </Modal>
  );
}

interface ResultProps {
  readonly id: string;
  readonly result: Found;
  readonly first: boolean;
  readonly active: boolean;
  readonly onGo: () => void;
}

function Result({ id, result, first, active, onGo }: ResultProps) {
  const { t } = useSpeech();
  const show = (element: HTMLDivElement | null): void => {
    if (active) element?.scrollIntoView({ block: 'nearest' });
  };
  return (
    <>
      {first && (
        <div className="tell-me-group" role="presentation">
          {t.tellMe[result.group]}
        </div>
      )}
      {/* The keys are those of the input, which keeps the focus. */}
      <div ref={show} id={id} role="option" aria-selected={active} className="tell-me-result" onClick={onGo}>
        {/* The space is for those who hear both as one name. */}
        <span>{result.name}</span> <span className="quiet">{result.note}</span>
      </div>
    </>
  );
}
