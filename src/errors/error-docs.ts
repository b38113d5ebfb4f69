/** `docs/errors.md` as text, made from the catalogue; a test compares the two. */
import { CODE_GROUPS } from './catalogue.ts';
import type { CodeEntry, Reach, WhoActs } from './code-entry.ts';

const ACTS: Readonly<Record<WhoActs, string>> = {
  wait: 'nobody: it passes by itself',
  data: 'whoever keeps the records',
  setup: 'whoever keeps stores and configuration',
  bug: 'whoever makes the program at fault',
  caller: 'the caller',
  nobody: 'nobody',
};

const REACHES: Readonly<Record<Reach, string>> = {
  field: 'one field',
  record: 'one record',
  mapping: 'one mapping and channel',
  store: 'one store',
  request: 'one request',
};

const INTRODUCTION = `# Codes

Everything that Couplet words for people comes with a code and its parameters: errors, jobs, log entries, answers to
requests. Codes stay; their wording may change. In a sentence, \`{name}\` is a parameter, and what stands in square
brackets is left out when one of its parameters is missing.

Made from the catalogue by \`node src/errors/write-error-docs.ts\`; change it there.
`;

export function errorDocs(): string {
  const groups = CODE_GROUPS.map(({ title, codes }) => {
    const entries = Object.entries(codes).map(([code, entry]) => describeEntry(code, entry));
    return [`## ${title}`, ...entries].join('\n\n');
  });
  return `${[INTRODUCTION.trimEnd(), ...groups].join('\n\n')}\n`;
}

function describeEntry(code: string, entry: CodeEntry): string {
  const facts = [
    `Says: “${entry.message}”.`,
    `Who acts: ${ACTS[entry.acts]}. Reaches: ${REACHES[entry.reach]}.`,
    ...(entry.status === null ? [] : [`HTTP status: ${entry.status}.`]),
    `Remedy: ${entry.remedy}`,
  ];
  return [`### \`${code}\``, entry.meaning, facts.map((fact) => `- ${fact}`).join('\n')].join('\n\n');
}
