/** The name that was probably meant. */

/** Edits between two texts: insert, delete, replace, or swap two neighbours. */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, (beforeLast[j - 2] ?? 0) + 1);
      }
      row.push(cost);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] ?? 0;
}

/** `on_create`, `On-Create` and `onCreate` are one name to whoever types them. */
const plain = (name: string): string => name.toLowerCase().replaceAll(/[\s_-]/g, '');

/** Longer names are not typed by hand, and the comparison costs the product of the lengths. */
const LONGEST_NAME = 100;

export function suggestName(name: string, known: Iterable<string>): string | null {
  const wanted = plain(name);
  if (wanted === '' || wanted.length > LONGEST_NAME) return null;
  let best: { readonly name: string; readonly distance: number } | null = null;
  for (const candidate of known) {
    if (candidate.length > LONGEST_NAME) continue;
    const distance = editDistance(wanted, plain(candidate));
    const limit = Math.max(1, Math.floor(Math.max(wanted.length, candidate.length) / 3));
    if (distance <= limit && distance < plain(candidate).length && (best === null || distance < best.distance)) {
      best = { name: candidate, distance };
    }
  }
  return best?.name ?? onlyBeginning(wanted, known);
}

/** `upper` for `upperCase`, when nothing else begins so. */
function onlyBeginning(wanted: string, known: Iterable<string>): string | null {
  const longer = [...known].filter((candidate) => plain(candidate).startsWith(wanted));
  return wanted.length > 2 && longer.length === 1 ? (longer[0] ?? null) : null;
}
