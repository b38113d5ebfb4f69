/** Every word of the API that a page can show has one in each language; a new enum of an answer must say which. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { CATALOGUE } from '../../src/errors/catalogue.ts';
import { en, type PageTexts } from '../../src/web/language/en.ts';
import { fr } from '../../src/web/language/fr.ts';
import { nl } from '../../src/web/language/nl.ts';
import { sv } from '../../src/web/language/sv.ts';

const SCHEMAS = join(import.meta.dirname, '../../src/http/schemas');

/** What a page does with each enum: words it, or (a sentence) something that needs no word of its own. */
const SHOWN: Readonly<Record<string, ((t: PageTexts) => object) | string>> = {
  Side: (t) => t.words.sides,
  Direction: (t) => t.directions,
  Role: (t) => t.shell.roles,
  'Write.operation': (t) => t.actions.operations,
  'Store.state': (t) => t.overview.storeStates,
  'Health.status': 'is for machines',
  'ProblemPlace.in': 'stands beside a pointer that is shown',
  MappingState: (t) => t.mappings.states,
  'MappingChannel.couplings': (t) => t.couplings.statuses,
  'MappingChannel.openErrors': (t) => t.kinds,
  'Overview.couplings.statuses': (t) => t.couplings.statuses,
  'StoreRecord.reason': (t) => t.mappings.recordReasons,
  'Coupling.status': (t) => t.couplings.statuses,
  'Coupling.reason': (t) => t.couplings.reasons,
  'Job.kind': (t) => t.jobs.kinds,
  'Job.scope': (t) => t.jobs.scopes,
  'Job.status': (t) => t.jobs.statuses,
  'Job.trigger': (t) => t.jobs.triggers,
  'JobResult.status': (t) => t.jobs.resultStatuses,
  ErrorAction: (t) => t.actions,
  ErrorKind: (t) => t.kinds,
  'Resolution.action': (t) => t.actions,
  'SynchronizationError.scope': (t) => t.errors.scopes,
  'SynchronizationError.status': (t) => t.errors,
  'ActionAnswer.outcome': 'is told by a sentence of its own for either',
  'RevertAnswer.outcome': 'is told by a sentence of its own for either',
  'LogEntry.action': (t) => t.log.actions,
  'LogEntry.cause': (t) => t.log.causes,
  'LogEntry.direction': (t) => t.directions,
  'CommerceJob.job': (t) => t.commerce.jobNames,
  'CommerceJob.lastRun.status': (t) => t.jobs.statuses,
  'CommerceSession.job': (t) => t.commerce.jobNames,
  'CommerceSession.direction': (t) => t.commerce.sessionDirections,
  'CommerceSession.status': (t) => t.commerce.sessionStatuses,
  'CommerceFeature.pendingJobs': (t) => t.commerce.jobNames,
  'CustomerOperation.status': (t) => t.operations.statuses,
  'CustomerOperation.operation': (t) => t.operations.operationNames,
  'CustomerOperation.allowedActions': 'decides which buttons stand there',
  'CustomerOperation.nextStep': (t) => t.operations.nextSteps,
  'CustomerOperation.outcome': (t) => t.operations.outcomes,
  'OperationResolution.action': (t) => t.actions,
  'OperationStep.status': (t) => t.operations.statuses,
  'OperationSummary.channels.statuses': (t) => t.operations.statuses,
  'ChannelCustomer.status': 'is for tills and shops',
};

/** Answers made of another: the same words. */
const SAME: Readonly<Record<string, string>> = {
  ActionAnswer: 'SynchronizationError',
  RevertAnswer: 'LogEntry',
  DismissAnswer: 'CustomerOperation',
  'DismissAnswer.dismissed': 'CustomerOperation',
  ReopenAnswer: 'CustomerOperation',
  'ReopenAnswer.stillDismissed': 'CustomerOperation',
};

type JsonSchema = Readonly<Record<string, unknown>>;

function enumsOf(node: unknown, at: string, found: Map<string, readonly string[]>): void {
  if (typeof node !== 'object' || node === null) return;
  const schema = node as JsonSchema;
  if (Array.isArray(schema['enum'])) found.set(at, schema['enum'] as string[]);
  const inside = (word: string): [string, unknown][] => Object.entries(schema[word] ?? {});
  for (const [name, property] of inside('properties')) enumsOf(property, `${at}.${name}`, found);
  for (const [, branch] of [...inside('anyOf'), ...inside('oneOf'), ...inside('allOf')]) enumsOf(branch, at, found);
  for (const word of ['items', 'additionalProperties', 'propertyNames']) enumsOf(schema[word], at, found);
  for (const [name, component] of inside('$defs')) enumsOf(component, name, found);
}

/** Of every named component of the routes but bodies; queries have no name and ask in the words of the answers. */
async function answeredEnums(): Promise<ReadonlyMap<string, readonly string[]>> {
  const found = new Map<string, readonly string[]>();
  for (const file of readdirSync(SCHEMAS)) {
    const exported = (await import(join(SCHEMAS, file))) as Readonly<Record<string, unknown>>;
    for (const schema of Object.values(exported)) {
      if (!(schema instanceof z.ZodType)) continue;
      const json = z.toJSONSchema(schema, { unrepresentable: 'any' });
      enumsOf(json, json.id ?? '?', found);
    }
  }
  return new Map([...found].filter(([at]) => !/^\?|Body\b/.test(at)));
}

const enums = await answeredEnums();

const wordsOf = (at: string): ((t: PageTexts) => object) | string | undefined => {
  const part = at.slice(0, at.lastIndexOf('.'));
  return SHOWN[at] ?? SHOWN[`${SAME[part]}${at.slice(part.length)}`];
};

test('every enum of an answer is known to the page', () => {
  expect(enums.size).toBeGreaterThan(30);
  expect([...enums.keys()].filter((at) => wordsOf(at) === undefined)).toEqual([]);
  expect(Object.keys(SHOWN).filter((at) => !enums.has(at))).toEqual([]);
});

describe.each(Object.entries({ en, fr, sv, nl }))('%s', (_, t) => {
  test('has a word for each value of each of them', () => {
    const missing = [...enums].flatMap(([at, values]) => {
      const words = wordsOf(at);
      if (typeof words !== 'function') return [];
      const texts = words(t) as Readonly<Record<string, unknown>>;
      return values.filter((value) => typeof texts[value] !== 'string').map((value) => `${at}: ${value}`);
    });
    expect(missing).toEqual([]);
  });

  test('has a sentence for each code, and a remedy where the error list shows one', () => {
    const codes =
      t.codes ?? Object.fromEntries(Object.entries(CATALOGUE).map(([code, { message }]) => [code, message]));
    expect(Object.keys(CATALOGUE).filter((code) => !codes[code as keyof typeof codes])).toEqual([]);
    expect(Object.values(t.remedies).filter((remedy) => remedy === '')).toEqual([]);
  });
});
