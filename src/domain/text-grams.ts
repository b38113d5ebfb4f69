/**
 * A text as the numbers of all three letters that stand beside each other in it: what contains a text has all of its
 * numbers, and an index of them finds it. (PostgreSQL's `pg_trgm` does the same, but is not on every server.)
 */

const LETTERS = 3;
/** Ten bits a letter: those of Latin, Greek and Cyrillic have numbers of their own; who finds too much compares the text. */
const BITS = 10;
const OF_LETTER = (1 << BITS) - 1;
const OF_GRAM = (1 << (BITS * LETTERS)) - 1;

export function gramsOf(text: string): readonly number[] {
  const grams = new Set<number>();
  for (const line of text.split('\n')) {
    let gram = 0;
    let letters = 0;
    for (const letter of line) {
      gram = ((gram << BITS) | ((letter.codePointAt(0) ?? 0) & OF_LETTER)) & OF_GRAM;
      letters += 1;
      if (letters >= LETTERS) grams.add(gram);
    }
  }
  return [...grams];
}
