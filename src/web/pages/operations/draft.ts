/** Corrections that are typed and not saved yet, by attribute; null empties it. */
export type Draft = Readonly<Record<string, string | null>>;
