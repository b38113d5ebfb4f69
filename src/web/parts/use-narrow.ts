/** How much room the window gives: too little for columns side by side, for long texts in one line, or enough. */
import { useSyncExternalStore } from 'react';

function mediaHook(query: string): () => boolean {
  const media = window.matchMedia(query);
  const subscribe = (listener: () => void): (() => void) => {
    media.addEventListener('change', listener);
    return () => media.removeEventListener('change', listener);
  };
  const matches = (): boolean => media.matches;
  return () => useSyncExternalStore(subscribe, matches);
}

export const useNarrow = mediaHook('(max-width: 719px)');
export const useMiddling = mediaHook('(max-width: 1599px)');
