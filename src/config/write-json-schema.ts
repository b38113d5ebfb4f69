/** Writes `couplet.schema.json`, which editors read; a test fails when it is not the one of the program. */
import { writeFile } from 'node:fs/promises';
import { configurationJsonSchema } from './json-schema.ts';

const text = `${JSON.stringify(configurationJsonSchema(), null, 2)}\n`;
await writeFile(new URL('../../couplet.schema.json', import.meta.url), text);
