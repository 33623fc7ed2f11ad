import { defineConfig } from 'vitest/config';

const tests = 'test/**/*.test.ts';
const never = ['**/node_modules/**', '**/dist/**', 'test/**/programs/**'];

/**
 * What needs a process of its own: it replaces modules, sets what is global in the process, or counts what the process holds. All others
 * take turns in a few processes, because to load and warm up the bridge and its database takes longer than most of them.
 */
const alone = [
  'test/telemetry/{node-agent,tracing}.test.ts',
  'test/storm/**/*.test.ts',
  'test/soak/**/*.test.ts',
  'test/agent/debugger-memory.test.ts',
  'test/agent/harmless-reconnects.test.ts',
  'test/redaction/growth.test.ts',
  'test/hub/pressure.test.ts',
];

/** Fails a file that leaves something changed to the next one. */
const setupFiles = ['test/helpers/leave-nothing.ts'];

export default defineConfig({
  test: {
    environment: 'node',
    globalSetup: ['test/helpers/once-a-run.ts'],
    // Far more than any test takes: other programs may have the machine.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // Most tests wait for sockets, timers and child processes, so more workers than cores are well used.
    maxWorkers: 4,
    // In each of them; what is started for a test has to fit beside the others.
    maxConcurrency: 3,
    projects: [
      { extends: true, test: { name: 'alone', include: alone, exclude: never } },
      { extends: true, test: { name: 'together', include: [tests], exclude: [...never, ...alone], isolate: false, setupFiles } },
    ],
  },
});
