import { writeFileSync } from 'node:fs';
import type { Reporter, SerializedError, TestModule } from 'vitest/node';

/**
 * Ends a test run with `N passed, N failed`, which `.ci/run` repeats as its last line. A file that could not be loaded
 * and an error outside any test count as failures: no test of theirs would be missed otherwise.
 */
export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    let passed = 0;
    let failed = unhandledErrors.length;
    for (const module of modules) {
      if (module.errors().length > 0) failed += 1;
      for (const suite of module.children.allSuites()) if (suite.errors().length > 0) failed += 1;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === 'passed') passed += 1;
        if (state === 'failed') failed += 1;
      }
    }
    const line = `${passed} passed, ${failed} failed`;
    const file = process.env['COUPLET_TEST_COUNTS'];
    if (file) writeFileSync(file, line);
    // After the summary of the ordinary reporter, which prints at the same moment.
    process.once('exit', () => process.stdout.write(`${line}\n`));
  }
}
