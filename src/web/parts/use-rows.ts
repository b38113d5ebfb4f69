/** Which rows of a long list are drawn, which one is active, and how keys move it. */
import { type RefObject, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { historyEntry } from '../address/address.ts';
import { keepPlace, placeOf } from './list-memory.ts';

/** Rows beyond the edges, so that scrolling shows no gap before the next drawing. */
const SPARE_ROWS = 12;
/** More is fetched when this many rows are left below. */
const FETCH_AHEAD_ROWS = 40;
const HEAD_HEIGHT = 36;

export function useRows(ids: readonly string[], rowHeight: number, onEnd: () => void) {
  const scroller = useRef<HTMLDivElement>(null);
  const [place, setPlace] = useState(placeOf);
  const [scrollTop, setScrollTop] = useState(place?.scrollTop ?? 0);
  const [activeId, setActiveId] = useState(place?.activeId ?? null);
  const height = useHeight(scroller);
  const activeIndex = Math.max(0, activeId === null ? 0 : ids.indexOf(activeId));
  const from = Math.max(0, Math.floor(scrollTop / rowHeight) - SPARE_ROWS);
  const until = Math.min(ids.length, Math.ceil((scrollTop + height) / rowHeight) + SPARE_ROWS);
  useReturn(scroller, place, () => setPlace(null));
  useKeepPlace(scroller, activeId);
  useEffect(() => {
    if (until + FETCH_AHEAD_ROWS >= ids.length) onEnd();
  }, [until, ids.length, onEnd]);
  const show = (index: number): void => {
    const element = scroller.current;
    if (element === null) return;
    const top = index * rowHeight;
    if (top < element.scrollTop) element.scrollTop = top;
    const lowest = top + rowHeight + HEAD_HEIGHT - element.clientHeight;
    if (lowest > element.scrollTop) element.scrollTop = lowest;
  };
  const activate = (index: number): void => {
    const bounded = Math.min(ids.length - 1, Math.max(0, index));
    setActiveId(ids[bounded] ?? null);
    show(bounded);
  };
  const move = (key: string): boolean => {
    const page = Math.max(1, Math.floor(height / rowHeight) - 2);
    const first = activeId === null || !ids.includes(activeId);
    const steps: Readonly<Record<string, number>> = {
      ArrowDown: first ? 0 : activeIndex + 1,
      ArrowUp: activeIndex - 1,
      PageDown: activeIndex + page,
      PageUp: activeIndex - page,
      Home: 0,
      End: ids.length - 1,
    };
    const index = steps[key];
    if (index === undefined) return false;
    activate(index);
    return true;
  };
  return {
    scroller,
    rowHeight,
    from,
    until,
    activeId: activeId !== null && ids.includes(activeId) ? activeId : null,
    activeIndex,
    activate,
    move,
    onScroll: () => setScrollTop(scroller.current?.scrollTop ?? 0),
  };
}

function useHeight(scroller: RefObject<HTMLDivElement | null>): number {
  const [height, setHeight] = useState(600);
  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => setHeight(element.clientHeight));
    observer.observe(element);
    return () => observer.disconnect();
  }, [scroller]);
  return height;
}

/** Back: the same rows in view, and the focus where it was. */
function useReturn(
  scroller: RefObject<HTMLDivElement | null>,
  place: ReturnType<typeof placeOf>,
  done: () => void,
): void {
  const returned = useRef(false);
  useLayoutEffect(() => {
    if (place === null || returned.current || scroller.current === null) return;
    returned.current = true;
    scroller.current.scrollTop = place.scrollTop;
    scroller.current.focus({ preventScroll: true });
    done();
  });
}

function useKeepPlace(scroller: RefObject<HTMLDivElement | null>, activeId: string | null): void {
  const active = useRef(activeId);
  active.current = activeId;
  useLayoutEffect(() => {
    const element = scroller.current;
    const entry = historyEntry();
    let scrollTop = element?.scrollTop ?? 0;
    const note = (): void => {
      scrollTop = element?.scrollTop ?? 0;
    };
    element?.addEventListener('scroll', note, { passive: true });
    return () => {
      element?.removeEventListener('scroll', note);
      keepPlace(entry, { scrollTop, activeId: active.current });
    };
  }, [scroller]);
}
