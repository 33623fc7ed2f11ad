import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { test as base } from 'vitest';
import { buildAgent } from './built-agent.ts';
import { type FakeBridge, type FakeBridgeOptions, startFakeBridge } from './fake-bridge.ts';
import { type RunningProgram, runProgram } from './run-program.ts';

/** What a test of the link works with: its own bridges and programs, gone at its end, so that tests run side by side. */
export interface LinkWorld {
  /** The package, as it is installed; the same for all tests of a file. */
  agent: string;
  /** The same as a URL of its entry, for `--import`. */
  register: string;
  bridgeWith(options?: FakeBridgeOptions): Promise<FakeBridge>;
  /** `runProgram`, whose program ends with the test. */
  start: typeof runProgram;
}

export const test = base.extend<LinkWorld>({
  agent: [
    // biome-ignore lint/correctness/noEmptyPattern: Vitest reads the fixtures that are used here.
    async ({}, use) => {
      const agent = await buildAgent();
      await use(agent);
      await rm(agent, { recursive: true, force: true });
    },
    { scope: 'file' },
  ],
  register: ({ agent }, use) => use(pathToFileURL(join(agent, 'register.js')).href),
  // biome-ignore lint/correctness/noEmptyPattern: Vitest reads the fixtures that are used here.
  bridgeWith: async ({}, use) => {
    const bridges: FakeBridge[] = [];
    await use(async (options = {}) => {
      const bridge = await startFakeBridge(options);
      bridges.push(bridge);
      return bridge;
    });
    for (const bridge of bridges) await bridge.kill();
  },
  // biome-ignore lint/correctness/noEmptyPattern: Vitest reads the fixtures that are used here.
  start: async ({}, use) => {
    const programs: RunningProgram[] = [];
    await use((...how) => {
      const running = runProgram(...how);
      programs.push(running);
      return running;
    });
    for (const { child } of programs) child.kill('SIGKILL');
  },
});

/** Where the agent finds a bridge. */
export function settings(bridge: FakeBridge, more: Record<string, string> = {}): Record<string, string> {
  return { SIDELIGHT_URL: bridge.url, SIDELIGHT_KEY: 'sle_test', SIDELIGHT_SERVICE: 'shop', ...more };
}
