import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    environment: 'node',
    include: ['test/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**', 'test/**/programs/**'],
    globalSetup: ['test/helpers/once-a-run.ts'],
    testTimeout: 20_000,
    hookTimeout: 20_000,
    pool: 'forks',
    // Most tests wait for sockets, timers and child processes, so more workers than cores are well used.
    maxWorkers: 4,
    // In each of them; what is started for a test has to fit beside the others.
    maxConcurrency: 3,
  },
});
