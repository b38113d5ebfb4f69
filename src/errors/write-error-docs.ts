/** Writes `docs/errors.md`: `node src/errors/write-error-docs.ts`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { errorDocs } from './error-docs.ts';

const docs = new URL('../../docs/', import.meta.url);
mkdirSync(docs, { recursive: true });
writeFileSync(new URL('errors.md', docs), errorDocs());
