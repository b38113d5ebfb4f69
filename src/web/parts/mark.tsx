/** A state in a word and a colour; the word alone tells it. */
import type { ReactNode } from 'react';

export type Tone = 'good' | 'bad' | 'warn' | 'busy' | 'quiet';

export function Mark({ tone, children }: { readonly tone: Tone; readonly children: ReactNode }) {
  return (
    <span className={`mark mark-${tone}`}>
      <span className="mark-dot" aria-hidden />
      {children}
    </span>
  );
}
