import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** Apart from the other tests: these install what they talk with, 300 MB of packages that are not ours. */
export default defineConfig({
  test: {
    root: fileURLToPath(new URL('../../', import.meta.url)),
    environment: 'node',
    include: ['test/clients/**/*.client.ts'],
    globalSetup: ['test/helpers/once-a-run.ts', 'test/clients/install.ts', 'test/clients/world.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 3,
  },
});
