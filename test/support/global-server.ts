import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { startEmbeddedPostgres } from '../../src/embedded/embedded-postgres.ts';
import { pageIfPossible } from '../../src/web-build/ensure-page-built.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The server that all tests share, without a database: `postgres://couplet:…@127.0.0.1:…`. */
    serverUrl: string;
  }
}

/**
 * One server for the whole run; every test takes databases of its own from it (database.ts). The page is there before any
 * of them: none waits for its build within its own time, and none changes it under another.
 */
export default async function startGlobalServer(project: TestProject): Promise<() => Promise<void>> {
  await pageIfPossible(() => {});
  const dataDir = await mkdtemp(join(tmpdir(), 'couplet-test-'));
  const server = await startEmbeddedPostgres({
    dataDir,
    durable: false,
    disposable: true,
    settings: { max_connections: 300 },
  });
  project.provide('serverUrl', server.url('').replace(/\/$/, ''));
  return async () => {
    await server.remove();
    await rm(dataDir, { recursive: true, force: true });
  };
}
