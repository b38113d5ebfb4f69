/** Findings of zod as places of a problem document. */
import type { FastifyError } from 'fastify';
import type { Params } from '../domain/record.ts';
import { pointerPart } from './problem.ts';
import type { ProblemPlace } from './schemas/problem.ts';

interface Explained {
  readonly code: 'invalid-request' | 'unknown-parameter';
  readonly params: Params;
  readonly errors: readonly ProblemPlace[];
  /** Where the sentence of the code would not be true. */
  readonly detail?: string;
}

interface Finding {
  readonly keyword?: string;
  readonly instancePath?: string;
  readonly message?: string;
  readonly params?: { readonly keys?: readonly string[] };
}

const MOST_PLACES = 20;

const PLACES: Readonly<Record<string, ProblemPlace['in']>> = {
  body: 'body',
  querystring: 'query',
  params: 'path',
  headers: 'header',
};

export function explainValidation(fault: FastifyError): Explained {
  const where = PLACES[fault.validationContext ?? 'body'] ?? 'body';
  const findings = (fault.validation ?? []) as readonly Finding[];
  const unknown = findings.flatMap((finding) =>
    finding.keyword === 'unrecognized_keys' ? (finding.params?.keys ?? []) : [],
  );
  const errors = findings.flatMap((finding) => placesOf(where, finding)).slice(0, MOST_PLACES);
  const [parameter] = unknown;
  if (parameter !== undefined) return { code: 'unknown-parameter', params: { parameter }, errors };
  const sort = errors.find(({ in: place, pointer }) => place === 'query' && pointer === '/sort');
  // The contract calls a sort that is not offered an unknown parameter too.
  if (sort !== undefined) {
    return {
      code: 'unknown-parameter',
      params: { parameter: 'sort' },
      errors,
      detail: sort.detail,
    };
  }
  const [first] = errors;
  const reason = first === undefined ? 'it is not as described' : `${first.pointer || 'the body'}: ${first.detail}`;
  return { code: 'invalid-request', params: { reason }, errors };
}

function placesOf(where: ProblemPlace['in'], finding: Finding): ProblemPlace[] {
  const path = finding.instancePath === '/' ? '' : (finding.instancePath ?? '');
  if (finding.keyword === 'unrecognized_keys') {
    return (finding.params?.keys ?? []).map((name) => ({
      in: where,
      pointer: `${path}/${pointerPart(name)}`,
      detail: 'is not known here',
    }));
  }
  return [{ in: where, pointer: path, detail: worded(finding.message ?? 'is not valid') }];
}

/** Callers know objects, and of what they left out no type. */
const worded = (message: string): string =>
  message
    .replace(/^Invalid input: expected \S+, received undefined$/, 'must be given')
    .replace('expected record,', 'expected object,');
