/** Numbers and nouns that agree with them. What counts as one is the language's own: in French, nothing does too. */
export interface Counting {
  readonly number: (value: number) => string;
  readonly many: (count: number, one: string, more: string) => string;
}

export function countingIn(tag: string): Counting {
  const format = new Intl.NumberFormat(tag);
  const plural = new Intl.PluralRules(tag);
  const number = (value: number): string => format.format(value);
  return {
    number,
    many: (count, one, more) => `${number(count)} ${plural.select(count) === 'one' ? one : more}`,
  };
}
