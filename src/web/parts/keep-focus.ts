/**
 * What somebody pressed may be gone when it has done its work: the row that was resolved, the notice that was answered.
 * The browser then starts again at the top of the page; here the focus goes to the list or the heading instead, and back
 * to a button that was only disabled for a while.
 */
import { useEffect } from 'react';

/** Menus and dialogs, wherever they stand, give the focus back themselves. */
const isKept = (element: Element): boolean =>
  element.closest('main, .notices') !== null && element.closest('dialog') === null;

export function useKeptFocus(): void {
  useEffect(() => {
    let last: HTMLElement | null = null;
    const enter = ({ target }: FocusEvent): void => {
      last = target instanceof HTMLElement && isKept(target) ? target : null;
    };
    // Somebody who leaves by the pointer leaves something that is still there.
    const leave = ({ relatedTarget }: FocusEvent): void => {
      if (relatedTarget !== null) return;
      queueMicrotask(() => {
        if (last?.isConnected === true && !last.matches(':disabled')) last = null;
      });
    };
    const keep = (): void => {
      if (last === null || document.activeElement !== document.body) return;
      if (!last.isConnected) placeFocus();
      else if (!last.matches(':disabled')) last.focus({ preventScroll: true });
    };
    const observer = new MutationObserver(keep);
    observer.observe(document.body, { subtree: true, childList: true, attributeFilter: ['disabled'] });
    document.addEventListener('focusin', enter);
    document.addEventListener('focusout', leave);
    return () => {
      observer.disconnect();
      document.removeEventListener('focusin', enter);
      document.removeEventListener('focusout', leave);
    };
  }, []);
}

/** Where somebody goes on when what had the focus is gone. */
export const placeFocus = (): void =>
  document.querySelector<HTMLElement>('[role=grid], h1')?.focus({ preventScroll: true });
