import { defineConfig } from 'vitest/config';

// The end of a file's name says what it needs: `.pg.test.ts` PostgreSQL, `.browser.test.ts` the page as well.
const needsServer = ['test/**/*.pg.test.ts', 'test/**/*.browser.test.ts'];

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    // What is on its way to the page is waited for.
    expect: { poll: { timeout: 30_000 } },
    reporters: ['default', './test/support/count-reporter.ts'],
    coverage: { provider: 'v8', include: ['src/**'], exclude: ['src/web/**'] },
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: ['test/**/*.test.ts'], exclude: needsServer, testTimeout: 180_000 },
      },
      {
        extends: true,
        test: {
          name: 'server',
          include: needsServer,
          globalSetup: ['test/support/global-server.ts'],
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
