import { readdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import type { Statement, VariableDeclarator } from '@swc/core';
import { Visitor } from '@swc/core/Visitor.js';
import { cruise, type IConfiguration, type IViolation } from 'dependency-cruiser';

export interface ForbiddenImport {
  rule: string;
  from: string;
  to: string;
  /** Why the rule is there. */
  comment: string;
}

export interface ImportReport {
  forbidden: ForbiddenImport[];
  /** Files of `src` that were found on the disk, and of these the ones whose imports were read. */
  files: string[];
  filesRead: string[];
}

const rules = createRequire(import.meta.url)(
  resolve(import.meta.dirname, '../../.dependency-cruiser.cjs'),
) as IConfiguration;

/**
 * The walk over the syntax that dependency-cruiser takes with swc knows every statement but `await using`, and breaks
 * off there. What is imported inside such a declaration is then read like inside any other.
 */
const visitStatement = Visitor.prototype.visitStatement;
Visitor.prototype.visitStatement = function (this: Visitor, statement: Statement): Statement {
  if ((statement.type as string) !== 'UsingDeclaration') return visitStatement.call(this, statement);
  this.visitVariableDeclarators((statement as unknown as { decls: VariableDeclarator[] }).decls);
  return statement;
};

/** Holds the imports of all files in `src` of a directory against the rules of the house. */
export async function readImports(directory: string): Promise<ImportReport> {
  const { options, ...ruleSet } = rules;
  const { output } = await cruise(['src'], { ...options, baseDir: directory, validate: true, ruleSet });
  if (typeof output === 'string') throw new Error(output);
  return {
    forbidden: output.summary.violations.map((violation) => describe(violation)),
    files: await sourceFiles(directory),
    filesRead: output.modules.map(({ source }) => source).filter((source) => source.startsWith('src/')),
  };
}

/** One line per forbidden import, as a person wants to read it. */
export function describeForbidden({ rule, from, to, comment }: ForbiddenImport): string {
  return `${from} → ${to}: ${rule}. ${comment}`;
}

function describe({ rule, from, to, cycle }: IViolation): ForbiddenImport {
  const comment = ruleComment(rule.name);
  return { rule: rule.name, from, to: cycle?.map(({ name }) => name).join(' → ') ?? to, comment };
}

function ruleComment(name: string): string {
  return rules.forbidden?.find((rule) => rule.name === name)?.comment ?? '';
}

async function sourceFiles(directory: string): Promise<string[]> {
  const names = await readdir(join(directory, 'src'), { recursive: true });
  return names.filter((name) => /\.tsx?$/.test(name) && !name.endsWith('.d.ts')).map((name) => `src/${name}`);
}
