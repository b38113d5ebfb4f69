/** A configuration file → settings or problems; what is wrong with the file itself is a problem like any other. */
import { readFile, stat } from 'node:fs/promises';
import type { LoadedConfiguration } from './load-configuration.ts';
import { loadConfiguration } from './load-configuration.ts';
import type { Problem } from './problem.ts';
import type { Environment } from './substitute-variables.ts';

/** Four bytes for each of the characters that the reader takes. */
const LARGEST_BYTES = 4_000_000;

export async function readConfiguration(fileName: string, environment: Environment): Promise<LoadedConfiguration> {
  try {
    const { size } = await stat(fileName);
    if (size > LARGEST_BYTES)
      return unreadable('file-too-large', `${fileName} has ${size} bytes; a configuration may have ${LARGEST_BYTES}`);
    const bytes = await readFile(fileName);
    return loadConfiguration(new TextDecoder('utf-8', { fatal: true }).decode(bytes), environment);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code === 'ENOENT')
      return unreadable('file-not-found', `there is no file ${fileName}; name another with --config`);
    if (code === 'EISDIR') return unreadable('file-unreadable', `${fileName} is a directory, not a file`);
    if (code === 'EACCES' || code === 'EPERM')
      return unreadable('file-unreadable', `${fileName} may not be read by this user`);
    if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA')
      return unreadable('file-unreadable', `${fileName} is not UTF-8 text`);
    throw error;
  }
}

function unreadable(code: string, message: string): LoadedConfiguration {
  const position = { line: 1, column: 1 };
  const problem: Problem = {
    ...position,
    path: '',
    severity: 'error',
    code,
    message,
    value: null,
    allowed: [],
    suggestion: null,
  };
  return { settings: null, rest: null, problems: [problem], locate: () => position };
}
