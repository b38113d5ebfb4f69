/** Numbers of new customers, drawn from the coupling database; one that HQ holds already is skipped. */
import type { LaneContext } from '../engine/lane/lane-context.ts';
import type { CommerceSite } from './commerce-site.ts';

/** Empty where the HQ store numbers customers itself. Without `keeps`, the next ones are only looked at. */
export async function drawAccounts(
  commerce: CommerceSite,
  context: LaneContext,
  count: number,
  keeps: boolean,
): Promise<string[]> {
  const { column, numbering } = commerce.rules.account;
  if (numbering.kind === 'store' || count === 0) return [];
  const { customers } = commerce.rules;
  const textOf = (number: bigint): string =>
    `${numbering.before}${String(number).padStart(numbering.digits, '0')}${numbering.after}`;
  const drawn: string[] = [];
  // Looked at before they are drawn, so that passing a store that was numbered by hand leaves no gap.
  for (let step = keeps ? count : LONG_STEP; drawn.length < count; step = LONG_STEP) {
    const next = await commerce.database.drawNumbers(customers, 0);
    const texts = Array.from({ length: step }, (_, at) => textOf(next + BigInt(at)));
    const taken = await takenAmong(context, column, texts);
    const free: string[] = [];
    let passed = 0;
    while (passed < step && drawn.length + free.length < count) {
      if (!taken.has(passed)) free.push(texts[passed] ?? '');
      passed += 1;
    }
    if (!keeps) return free;
    if ((await commerce.database.drawNumbers(customers, passed)) === next) drawn.push(...free);
  }
  return drawn;
}

export interface DrawnAccount {
  readonly account: string;
  /** HQ refused the customer. */
  readonly refused: boolean;
}

/**
 * A customer whom HQ refuses at every try uses up no number with each. Only the last numbers drawn can be given back, and
 * only while nobody has drawn the next: then nobody else can hold one of them.
 */
export async function returnAccounts({ rules, database }: CommerceSite, drawn: readonly DrawnAccount[]): Promise<void> {
  const { numbering } = rules.account;
  if (numbering.kind === 'store') return;
  const numberOf = (text: string) => BigInt(text.slice(numbering.before.length, text.length - numbering.after.length));
  const latest = drawn
    .map(({ account, refused }) => ({ number: numberOf(account), refused }))
    .toSorted((a, b) => (a.number < b.number ? 1 : -1));
  const used = latest.findIndex(({ refused }) => !refused);
  const from = latest[(used === -1 ? latest.length : used) - 1];
  const [last] = latest;
  if (from && last) await database.returnNumbers(rules.customers, from.number, last.number + 1n);
}

const LONG_STEP = 1_000;

async function takenAmong(
  context: LaneContext,
  column: string,
  texts: readonly string[],
): Promise<ReadonlySet<number>> {
  const found = await context.tables.hq.match({
    columns: [column],
    caseSensitive: true,
    probes: texts.map((text) => [text]),
    limitPerProbe: 1,
  });
  return new Set(found.map(({ probe }) => probe));
}
