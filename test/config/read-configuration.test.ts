import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { processSettings } from '../../src/config/environment.ts';
import { readConfiguration } from '../../src/config/read-configuration.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'couplet-configuration-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

const codesOf = async (name: string, content?: string | Uint8Array): Promise<readonly string[]> => {
  if (content !== undefined) await writeFile(join(folder, name), content);
  const { problems } = await readConfiguration(join(folder, name), {});
  return problems.map(({ code }) => code);
};

describe('a configuration file', () => {
  it('that is not there, is a directory, or is no text is a problem like any other', async () => {
    expect(await codesOf('absent.yaml')).toEqual(['file-not-found']);
    expect(await codesOf('.')).toEqual(['file-unreadable']);
    expect(await codesOf('latin1.yaml', Uint8Array.of(0x61, 0xe5, 0x0a))).toEqual(['file-unreadable']);
    expect(await codesOf('huge.yaml', new Uint8Array(4_000_001))).toEqual(['file-too-large']);
  });

  it('may begin with a byte order mark and end lines as Windows does', async () => {
    const text = '\uFEFFversion: 1\r\nhq: { url: postgres://a/b }\r\nchannels: { c: { url: postgres://c/d } }\r\n';
    expect(await codesOf('windows.yaml', text)).toEqual(['mappings-empty']);
  });
});

describe('the environment', () => {
  it('counts what is set to nothing as absent', () => {
    expect(processSettings({ COUPLET_DATABASE_URL: '', COUPLET_DATA_DIR: '' })).toEqual({
      databaseUrl: null,
      dataDir: '.couplet',
    });
    expect(processSettings({ COUPLET_DATABASE_URL: 'postgres://x', COUPLET_DATA_DIR: '/d' })).toEqual({
      databaseUrl: 'postgres://x',
      dataDir: '/d',
    });
  });
});
