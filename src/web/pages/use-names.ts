/** Labels of mappings and names of channels, for lists and filters. */
import type { MappingDocument } from '../../http/schemas/mappings.ts';
import type { StoreDocument } from '../../http/schemas/stores.ts';
import { type Page, useRead } from '../api/read.ts';
import type { Choice } from '../parts/filter-bar.tsx';

export interface Names {
  readonly mappings: readonly MappingDocument[];
  readonly mapping: (name: string) => string;
  readonly channel: (name: string) => string;
  readonly mappingChoices: readonly Choice[];
  readonly channelChoices: readonly Choice[];
}

export function useNames(): Names {
  const mappings = useRead<Page<MappingDocument>>('/mappings').data?.items ?? [];
  const stores = useRead<readonly StoreDocument[]>('/stores').data ?? [];
  return {
    mappings,
    mapping: (name) => mappings.find((mapping) => mapping.name === name)?.label ?? name,
    channel: (name) => stores.find(({ channel }) => channel === name)?.name ?? name,
    mappingChoices: mappings.map(({ name, label }) => ({ value: name, name: label })),
    channelChoices: stores.flatMap(({ channel, name }) => (channel === null ? [] : [{ value: channel, name }])),
  };
}

/** Choices of an enumeration, in the order of its words. */
export const choicesOf = (words: Readonly<Record<string, string>>, values = Object.keys(words)): readonly Choice[] =>
  values.map((value) => ({ value, name: words[value] ?? value }));
