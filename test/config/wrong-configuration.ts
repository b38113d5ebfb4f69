/** Configurations with one thing wrong, at a known line. */
import { loadConfiguration } from '../../src/config/load-configuration.ts';
import type { Problem } from '../../src/config/problem.ts';
import { formatProblems } from '../../src/config/problem.ts';

export const ENVIRONMENT = { HQ_URL: 'postgres://couplet:hq-secret@hq/erp', DIRECTION: 'sideways-secret' };

export const problemsOf = (text: string): readonly Problem[] => loadConfiguration(text, ENVIRONMENT).problems;

/** Line 1 is the version; the body stands from line 5 on, within `mappings`. */
export const withMappings = (body: string): string =>
  `version: 1
hq: { url: "\${HQ_URL}" }
channels: { shop: { url: postgres://shop/shop }, web: { url: postgres://web/shop } }
mappings:
${body}`;

/** Line 5: the mapping; hq is line 6, channel line 7, `options` line 8, fields line 9, the first field line 10. */
export const withMapping = (fields: string, options = 'enabled: true'): string =>
  withMappings(`  customers:
    hq: { table: customer, key: [id] }
    channel: { table: client, key: [no] }
    ${options}
    fields:
      name: { hq: name, channel: title }
${fields}`);

export const only = (text: string): Problem => {
  const problems = problemsOf(text);
  if (problems.length !== 1) throw new Error(formatProblems(problems, 'couplet.yaml'));
  return problems[0] as Problem;
};
