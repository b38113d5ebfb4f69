/**
 * Where two texts differ, so that the difference can be marked inside them: what both begin and end with is set aside,
 * the rest is compared word by word with the longest common subsequence (Hunt and McIlroy 1976).
 */
export interface TextPart {
  readonly text: string;
  readonly kind: 'same' | 'added' | 'removed';
}

/** Beyond this many words, the table of the comparison costs more than it tells: the whole middle counts as changed. */
const MOST_WORDS = 400;

/** Texts that have less than a third in common are two texts: a blank that both happen to have only confuses. */
const LEAST_KEPT = 3;

export function compareTexts(before: string, after: string): readonly TextPart[] {
  if (before === after) return after === '' ? [] : [{ text: after, kind: 'same' }];
  const a = graphemesOf(before);
  const b = graphemesOf(after);
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end += 1;
  const middle = compareWords(
    wordsOf(a.slice(start, a.length - end).join('')),
    wordsOf(b.slice(start, b.length - end).join('')),
  );
  const parts = joined([
    { text: a.slice(0, start).join(''), kind: 'same' },
    ...middle,
    { text: a.slice(a.length - end).join(''), kind: 'same' },
  ]);
  const kept = parts.reduce((sum, { kind, text }) => sum + (kind === 'same' ? text.length : 0), 0);
  if (kept * LEAST_KEPT >= Math.max(before.length, after.length)) return parts;
  return joined([
    { text: before, kind: 'removed' },
    { text: after, kind: 'added' },
  ]);
}

/** What a reader takes for one character must not be cut in two. */
const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
const graphemesOf = (text: string): readonly string[] => Array.from(segmenter.segment(text), ({ segment }) => segment);

const wordsOf = (text: string): readonly string[] => text.match(/[\p{L}\p{N}]+|\s+|[^\p{L}\p{N}\s]/gu) ?? [];

function compareWords(before: readonly string[], after: readonly string[]): TextPart[] {
  if (before.length > MOST_WORDS || after.length > MOST_WORDS)
    return [
      { text: before.join(''), kind: 'removed' },
      { text: after.join(''), kind: 'added' },
    ];
  const lengths = commonLengths(before, after);
  const parts: TextPart[] = [];
  let i = 0;
  let j = 0;
  while (i < before.length || j < after.length) {
    if (i < before.length && j < after.length && before[i] === after[j]) {
      parts.push({ text: before[i] ?? '', kind: 'same' });
      i += 1;
      j += 1;
    } else if (j >= after.length || (i < before.length && at(lengths, i + 1, j) >= at(lengths, i, j + 1))) {
      parts.push({ text: before[i] ?? '', kind: 'removed' });
      i += 1;
    } else {
      parts.push({ text: after[j] ?? '', kind: 'added' });
      j += 1;
    }
  }
  return parts;
}

const at = (lengths: readonly number[][], i: number, j: number): number => lengths[i]?.[j] ?? 0;

/** How many words the rests from (i, j) on have in common. */
function commonLengths(before: readonly string[], after: readonly string[]): number[][] {
  const lengths = Array.from({ length: before.length + 1 }, () => new Array<number>(after.length + 1).fill(0));
  for (let i = before.length - 1; i >= 0; i -= 1) {
    for (let j = after.length - 1; j >= 0; j -= 1) {
      const row = lengths[i];
      if (row === undefined) continue;
      row[j] =
        before[i] === after[j] ? at(lengths, i + 1, j + 1) + 1 : Math.max(at(lengths, i + 1, j), at(lengths, i, j + 1));
    }
  }
  return lengths;
}

function joined(parts: readonly TextPart[]): readonly TextPart[] {
  const result: TextPart[] = [];
  for (const part of parts) {
    const last = result.at(-1);
    if (part.text === '') continue;
    if (last?.kind === part.kind) result[result.length - 1] = { kind: part.kind, text: last.text + part.text };
    else result.push(part);
  }
  return result;
}
