import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { describeForbidden, readImports } from './read-imports.ts';

const root = resolve(import.meta.dirname, '../..');

/** A small house with the given files, and with our packages. */
async function houseOf(files: Record<string, string>): Promise<AsyncDisposable & { directory: string }> {
  const directory = await mkdtemp(join(tmpdir(), 'couplet-house-'));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), text);
  }
  await writeFile(join(directory, 'package.json'), '{ "type": "module" }');
  await symlink(join(root, 'node_modules'), join(directory, 'node_modules'));
  return { directory, [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }) };
}

async function rulesBrokenBy(files: Record<string, string>): Promise<string[]> {
  await using house = await houseOf(files);
  const { forbidden } = await readImports(house.directory);
  return [...new Set(forbidden.map(({ rule }) => rule))].sort();
}

test('no file of the product imports what its room may not, and every file was read', async () => {
  const { forbidden, files, filesRead } = await readImports(root);
  expect(forbidden.map(describeForbidden)).toEqual([]);
  expect(files.filter((file) => !filesRead.includes(file))).toEqual([]);
  expect(filesRead.length).toBeGreaterThan(50);
});

test('a broken rule is named, with both files and the reason', async () => {
  await using house = await houseOf({
    'src/domain/decide.ts': `import { work } from '../engine/work.ts';\nexport const decide = work;\n`,
    'src/engine/work.ts': `export const work = 1;\n`,
  });
  const { forbidden } = await readImports(house.directory);
  expect(forbidden.map(describeForbidden)).toEqual([
    expect.stringMatching(
      /^src\/domain\/decide\.ts → src\/engine\/work\.ts: domain-imports-only-its-own\. The domain is pure.*ARCHITECTURE\.md/,
    ),
  ]);
});

const thing = 'export const thing = 1;\nexport type Thing = number;\n';
const importing = (path: string): string => `import { thing } from '${path}';\nexport const other = thing;\n`;
const importingType = (path: string): string => `import type { Thing } from '${path}';\nexport type Other = Thing;\n`;

test.each([
  ['the engine imports a store', 'src/engine/a.ts', 'src/stores/postgres/b.ts', 'engine-imports-only-its-own'],
  ['the engine imports the coupling database', 'src/engine/a.ts', 'src/database/b.ts', 'engine-imports-only-its-own'],
  ['a route imports the engine', 'src/http/a.ts', 'src/engine/b.ts', 'http-imports-only-its-own'],
  ['the page imports the engine', 'src/web/a.tsx', 'src/engine/b.ts', 'web-imports-only-its-own'],
  ['the page imports code of a route', 'src/web/a.tsx', 'src/http/b.ts', 'web-takes-only-types-of-http'],
  ['a store imports the engine', 'src/stores/memory/a.ts', 'src/engine/b.ts', 'stores-import-ports-only'],
  ['a store imports another', 'src/stores/memory/a.ts', 'src/stores/postgres/b.ts', 'stores-do-not-know-each-other'],
  ['a port imports the engine', 'src/ports/a.ts', 'src/engine/b.ts', 'ports-imports-only-its-own'],
  ['the coupling database imports jobs', 'src/database/a.ts', 'src/jobs/b.ts', 'database-imports-only-its-own'],
  ['the engine reads the configuration', 'src/engine/a.ts', 'src/config/b.ts', 'engine-imports-only-its-own'],
  ['the engine starts a server', 'src/engine/a.ts', 'src/embedded/b.ts', 'engine-imports-only-its-own'],
  ['the composition imports the demo', 'src/compose.ts', 'src/demo/b.ts', 'compose-imports-only-its-own'],
  ['a file lies in no room', 'src/attic/a.ts', 'src/domain/b.ts', 'every-file-has-a-room'],
  ['a batch asks for a run', 'src/engine/batch/a.ts', 'src/engine/run/b.ts', 'engine-batch-rests-on-what-is-below'],
  ['a run asks for the top', 'src/engine/run/a.ts', 'src/engine/b.ts', 'engine-run-rests-on-what-is-below'],
  [
    'reading asks for writing',
    'src/stores/postgres/read/a.ts',
    'src/stores/postgres/write/b.ts',
    'stores-postgres-read-rests-on-what-is-below',
  ],
  ['the product imports a test', 'src/engine/a.ts', 'test/b.ts', 'no-tests-in-the-product'],
])('%s: refused', async (_what, from, to, rule) => {
  const upwards = '../'.repeat(from.split('/').length - 1);
  expect(await rulesBrokenBy({ [from]: importing(`${upwards}${to}`), [to]: thing })).toContain(rule);
});

test.each([
  ['drizzle outside the coupling database', 'src/engine/a.ts', 'drizzle-orm', 'drizzle-only-in-database'],
  ['the client of PostgreSQL in a route', 'src/http/a.ts', 'postgres', 'postgres-client-only-where-databases-are'],
  ['the file system in the domain', 'src/domain/a.ts', 'node:fs', 'domain-does-nothing-outside'],
  ['a package in the domain', 'src/domain/a.ts', 'zod', 'domain-needs-no-packages'],
  ['a package that is not there', 'src/http/a.ts', 'left-pad-of-nobody', 'imports-must-exist'],
])('%s: refused', async (_what, from, name, rule) => {
  expect(await rulesBrokenBy({ [from]: importing(name) })).toContain(rule);
});

test('a cycle is refused, also one of types only', async () => {
  const files = { 'src/engine/a.ts': importingType('./b.ts'), 'src/engine/b.ts': importingType('./a.ts') };
  expect(await rulesBrokenBy(files)).toEqual(['no-cycles']);
});

test('an import inside an await using declaration is read like any other', async () => {
  const files = {
    'src/engine/a.ts': `export async function work() {\n  await using it = (await import('../stores/memory/b.ts')).thing;\n}\n`,
    'src/stores/memory/b.ts': thing,
  };
  expect(await rulesBrokenBy(files)).toEqual(['engine-imports-only-its-own']);
});

test('what the house allows passes: inwards, and types of routes in the page', async () => {
  const files = {
    'src/engine/a.ts': importing('../domain/b.ts') + importing('./run/g.ts').replace('other', 'more'),
    'src/engine/run/g.ts': importing('../lane/h.ts'),
    'src/engine/lane/h.ts': thing,
    'src/stores/postgres/c.ts': importing('../../ports/d.ts') + importingType('postgres'),
    'src/web/e.tsx': importingType('../http/f.ts'),
    'src/domain/b.ts': thing,
    'src/ports/d.ts': thing,
    'src/http/f.ts': thing,
  };
  expect(await rulesBrokenBy(files)).toEqual([]);
});
