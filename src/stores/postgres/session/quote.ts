/** Names and text as literals of SQL. Names are taken to the letter, so they are always quoted. */

export const quoteIdentifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** `standard_conforming_strings` may be off in the session that runs a script, so a backslash takes the E form. */
export const quoteLiteral = (text: string): string =>
  text.includes('\\') ? `E'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'` : `'${text.replaceAll("'", "''")}'`;

export const quoteTable = (table: { readonly schema: string | null; readonly name: string }): string =>
  table.schema === null
    ? quoteIdentifier(table.name)
    : `${quoteIdentifier(table.schema)}.${quoteIdentifier(table.name)}`;
