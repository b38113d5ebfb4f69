/** The rows of the list that somebody came from, for Previous and Next on an open card. */
import { addressOf } from '../address/address.ts';

const lists = new Map<string, { readonly hrefs: readonly string[]; readonly back: string }>();

export function rememberList(path: string, hrefs: readonly string[]): void {
  lists.set(path, { hrefs, back: addressOf(window.location.pathname, new URLSearchParams(window.location.search)) });
}

interface Siblings {
  readonly back: string | null;
  readonly previous: string | null;
  readonly next: string | null;
}

export function siblingsOf(path: string, href: string): Siblings {
  const list = lists.get(path);
  const at = list?.hrefs.indexOf(href) ?? -1;
  return {
    back: list?.back ?? null,
    previous: at > 0 ? (list?.hrefs[at - 1] ?? null) : null,
    next: at >= 0 ? (list?.hrefs[at + 1] ?? null) : null,
  };
}
