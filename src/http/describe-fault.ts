/**
 * A fault for the log of the process. Drivers put statements and their values into messages, so of theirs only codes and
 * names stay; where it happened is told by the frames alone.
 */

const OF_DRIVERS = new Set(['PostgresError', 'DrizzleQueryError', 'DrizzleError', 'SyntaxError']);
const KEPT = [
  'code',
  'severity',
  'routine',
  'schema_name',
  'table_name',
  'column_name',
  'constraint_name',
  'syscall',
] as const;
const MOST_CAUSES = 5;

export function describeFault(fault: unknown, depth = 0): Record<string, unknown> {
  if (!(fault instanceof Error)) return { name: typeof fault };
  const facts = fault as Error & Partial<Record<(typeof KEPT)[number], unknown>>;
  const kept = Object.fromEntries(
    KEPT.flatMap((name) => (typeof facts[name] === 'string' ? [[name, facts[name]]] : [])),
  );
  const more = fault.cause !== undefined && depth < MOST_CAUSES;
  return {
    name: fault.name,
    ...(!OF_DRIVERS.has(fault.name) && !fault.message.startsWith('Failed query') && { message: fault.message }),
    ...kept,
    frames: framesOf(fault),
    ...(more && { cause: describeFault(fault.cause, depth + 1) }),
  };
}

/** The message stands at the top of a stack, over as many lines as it has. */
const framesOf = (fault: Error): readonly string[] =>
  (fault.stack ?? '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.startsWith('at '))
    .slice(0, 12);
