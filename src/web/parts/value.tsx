/** One value of a record as text; always text, whatever markup a store holds. */
import { useSpeech } from '../language/language.tsx';
import { compareTexts } from './compare-text.ts';
import { plainValue } from './value-text.ts';

export function Value({ value }: { readonly value: unknown }) {
  const { t } = useSpeech();
  if (value === null || value === undefined) return <span className="value-empty">{t.words.emptyValue}</span>;
  if (typeof value === 'boolean') return <>{value ? t.words.yes : t.words.no}</>;
  const text = plainValue(value);
  return text === '' ? <span className="value-empty">&quot;&quot;</span> : <span className="value">{text}</span>;
}

/** The value with what was added to and removed from `before` marked inside. */
export function ComparedValue({ before, after }: { readonly before: unknown; readonly after: unknown }) {
  const { t } = useSpeech();
  if (before == null || after == null || typeof before === 'boolean' || typeof after === 'boolean') {
    return after == null && before != null ? (
      <>
        <del className="value">{plainValue(before)}</del> <Value value={after} />
      </>
    ) : (
      <span className="value-changed">
        <Value value={after} />
      </span>
    );
  }
  return (
    <span className="value">
      {compareTexts(plainValue(before), plainValue(after)).map((part, at) => {
        if (part.kind === 'same') return <span key={at}>{part.text}</span>;
        return part.kind === 'added' ? (
          <ins key={at} title={t.errors.insertedText}>
            {part.text}
          </ins>
        ) : (
          <del key={at} title={t.errors.removedText}>
            {part.text}
          </del>
        );
      })}
    </span>
  );
}
