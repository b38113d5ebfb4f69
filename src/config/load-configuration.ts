/**
 * Text → settings, or everything that is wrong with it at once. Pure: the environment is a value, nothing is read from
 * disk, and whatever the text is, this returns.
 */
import type { Mapping } from '../domain/mapping.ts';
import { orderByReferences } from '../domain/mapping.ts';
import type { KnownNames } from './check-mapping.ts';
import { checkMapping } from './check-mapping.ts';
import { checkTogether } from './check-together.ts';
import { valueAt } from './explain-issues.ts';
import type { Plain, PlainMap } from './parse-yaml.ts';
import { isPlainMap } from './parse-yaml.ts';
import { parseYaml } from './parse-yaml.ts';
import { placeFindings } from './place-findings.ts';
import type { Finding, Path, Position, Problem } from './problem.ts';
import { readInput } from './read-input.ts';
import { unfoldOverrides } from './unfold-overrides.ts';
import { checkCommerce, commerceMappings } from './resolve-commerce.ts';
import { resolveMapping } from './resolve-mapping.ts';
import { checkSettings, resolveSettings } from './resolve-settings.ts';
import type { ConfigurationInput, PartialConfigurationInput } from './schema.ts';
import type { Settings } from './settings.ts';
import type { Environment } from './substitute-variables.ts';

export interface LoadedConfiguration {
  /** Null when there is an error among the problems. */
  readonly settings: Settings | null;
  /**
   * What can be read of a file with errors, for a look at the stores in the same go; never to be carried out. Null where
   * there are settings, and where the errors leave no stores to look at.
   */
  readonly rest: Settings | null;
  /** In the order of the file. */
  readonly problems: readonly Problem[];
  /** The place of something in the file, for problems that only the stores reveal. */
  readonly locate: (path: Path) => Position;
}

export function loadConfiguration(text: string, environment: Environment): LoadedConfiguration {
  const document = parseYaml(text, environment);
  const locate = (path: Path): Position => document.locate(path, 'value');
  const fail = (problems: readonly Problem[]): LoadedConfiguration => ({
    settings: null,
    rest: null,
    problems,
    locate,
  });
  if (document.syntax.length > 0) {
    return fail(
      document.syntax.map((error) => ({
        ...error,
        path: '',
        severity: 'error',
        value: null,
        allowed: [],
        suggestion: null,
      })),
    );
  }
  if (!isPlainMap(document.plain)) return fail(placeFindings([...document.findings, noMap(document.plain)], document));
  const plain = unfoldOverrides(document.plain);

  const { input, findings, incomplete } = readInput(plain);
  const known = knownNames(plain);
  const mappings = mappingsOf(input, known);
  const whole = mappings.filter(({ name }) => !incomplete.has(name));
  const all: readonly Finding[] = [
    ...document.findings,
    ...findings,
    ...checkSettings(input, plain),
    ...Object.entries(input.mappings ?? {}).flatMap(([name, mapping]) =>
      checkMapping(name, mapping, known, !incomplete.has(name)),
    ),
    ...checkTogether(whole, input, known),
    ...(input.commerce === undefined ? [] : checkCommerce(input.commerce, input, whole, known)),
  ];
  const problems = placeFindings(all, document);
  if (problems.some(({ severity }) => severity === 'error'))
    return { ...fail(problems), rest: restOf(input, mappings, problems) };
  const { order, circular } = orderByReferences(mappings);
  // Without an error the whole schema has accepted the input, not only its parts.
  const settings = { ...resolveSettings(input as ConfigurationInput), mappings, order, circular };
  return { settings, rest: null, problems, locate };
}

/** Stores of which anything is in doubt are left alone: another one might be meant. */
function restOf(
  input: PartialConfigurationInput,
  mappings: readonly Mapping[],
  problems: readonly Problem[],
): Settings | null {
  const wrong = problems.filter(({ severity }) => severity === 'error').map(({ path }) => path);
  const inDoubt = wrong.some((path) => /^(?:hq|channels|database)\b/.test(path) && !path.includes('.overrides'));
  const { hq, channels } = input;
  if (inDoubt || hq === undefined || channels === undefined) return null;
  const { commerce, ...others } = input;
  const isSound = commerce !== undefined && !wrong.some((path) => /^commerce\b/.test(path));
  const whole = { ...others, version: 1, hq, channels, ...(isSound && { commerce }) } as const;
  const served = mappings.map((mapping) => ({
    ...mapping,
    channels: mapping.channels.filter((channel) => Object.hasOwn(channels, channel)),
  }));
  return { ...resolveSettings(whole), mappings: served, ...orderByReferences(served) };
}

function noMap(plain: Plain): Finding {
  if (plain === null) {
    return {
      path: [],
      at: 'value',
      code: 'file-empty',
      message: 'the file is empty; it begins with version: 1',
      value: null,
    };
  }
  return {
    path: [],
    at: 'value',
    code: 'wrong-type',
    message: 'the file must hold names with values, such as version: 1',
    value: null,
  };
}

function knownNames(plain: PlainMap): KnownNames {
  const namesAt = (path: Path): readonly string[] => {
    const value = valueAt(plain, path);
    return isPlainMap(value) ? Object.keys(value) : [];
  };
  return {
    channels: namesAt(['channels']),
    mappings: namesAt(['mappings']),
    fieldsOf: (mapping) => namesAt(['mappings', mapping, 'fields']),
  };
}

/** A mapping named under `commerce` is run by its jobs, so its own schedule is manual, whatever the default. */
function mappingsOf(input: PartialConfigurationInput, known: KnownNames): readonly Mapping[] {
  const commerce = new Set(
    input.commerce === undefined ? [] : commerceMappings(input.commerce).map(({ mapping }) => mapping),
  );
  return Object.entries(input.mappings ?? {}).map(([name, written]) => {
    const overrides = Object.entries(input.channels ?? {}).flatMap(([channel, own]) => {
      const override = Object.hasOwn(own.overrides ?? {}, name) ? own.overrides?.[name] : undefined;
      return override === undefined ? [] : [[channel, override] as const];
    });
    const mapping = resolveMapping(name, written, {
      channels: known.channels,
      timezone: input.timezone ?? 'UTC',
      overrides: Object.fromEntries(overrides),
    });
    return commerce.has(name) ? { ...mapping, schedule: { kind: 'manual' } } : mapping;
  });
}
