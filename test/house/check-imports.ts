/** What `npm run check:imports` runs. */
import { resolve } from 'node:path';
import { describeForbidden, readImports } from './read-imports.ts';

const { forbidden, files, filesRead } = await readImports(resolve(import.meta.dirname, '../..'));
const unread = files.filter((file) => !filesRead.includes(file));
for (const each of forbidden) console.error(describeForbidden(each));
// A tool that reads nothing finds nothing wrong.
for (const file of unread) console.error(`${file}: its imports could not be read.`);
console.log(`${files.length - unread.length} of ${files.length} files read, ${forbidden.length} forbidden imports`);
process.exitCode = forbidden.length + unread.length > 0 || files.length === 0 ? 1 : 0;
