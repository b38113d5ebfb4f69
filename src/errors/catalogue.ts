/**
 * Every code that Couplet gives to the outside, with its meaning, who must act, and what cures it. `docs/errors.md` is
 * made from it. A code that is not here does not compile; one that is here stays, since programs rely on it.
 */
import type { CodeEntry } from './code-entry.ts';
import { NOTE_CODES } from './note-codes.ts';
import { RECORD_CODES } from './record-codes.ts';
import { REQUEST_CODES } from './request-codes.ts';
import { STORE_CODES } from './store-codes.ts';

export const CATALOGUE = { ...RECORD_CODES, ...STORE_CODES, ...REQUEST_CODES, ...NOTE_CODES } as const;

export type ErrorCode = keyof typeof CATALOGUE;

export const isErrorCode = (code: string): code is ErrorCode => Object.hasOwn(CATALOGUE, code);

export const entryOf = (code: ErrorCode): CodeEntry => CATALOGUE[code];

/** The groups of `docs/errors.md`, in its order. */
export const CODE_GROUPS: readonly { readonly title: string; readonly codes: Readonly<Record<string, CodeEntry>> }[] = [
  { title: 'Synchronization errors', codes: RECORD_CODES },
  { title: 'Stores, jobs and set-up', codes: STORE_CODES },
  { title: 'Answers to requests', codes: REQUEST_CODES },
  { title: 'Notes in log and results', codes: NOTE_CODES },
];
