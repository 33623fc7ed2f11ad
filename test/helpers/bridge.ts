import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { operatorOf } from '../../src/authorization/administer.ts';
import { readConfig } from '../../src/config.ts';
import { issueKey } from '../../src/keys.ts';
import { type Clock, systemClock } from '../../src/lib/clock.ts';
import { createLog } from '../../src/lib/log.ts';
import { type RunningBridge, start } from '../../src/start.ts';
import { putEmptyStore } from './empty-store.ts';

/** A bridge of its own for one test file, on a free loopback port, with its data in a temporary directory. */
export interface TestBridge extends RunningBridge {
  readKey: string;
  fullKey: string;
  enrolKey: string;
  directory: string;
  /** A key with the rights given; the rest as the full key has them. */
  issue(rights: {
    role?: string;
    scopes?: string[];
    permissions?: string[];
    groups?: string[];
    name?: string;
  }): Promise<{ id: string; secret: string }>;
}

/** Starts a bridge as `sidelight serve` does. Settings are flags, as on the command line; the clock is for what renews by the hour. */
export async function startBridge(
  settings: Record<string, string> = {},
  clock: Clock = systemClock,
  outside: Partial<Pick<Parameters<typeof start>[1], 'signIn' | 'fetch' | 'log'>> = {},
): Promise<TestBridge> {
  const directory = settings.data ?? (await mkdtemp(join(tmpdir(), 'sidelight-test-')));
  const config = readConfig({ port: '0', data: directory, 'log-level': 'silent', ...settings }, {});
  if (config.databaseUrl === undefined) await putEmptyStore(directory);
  const running = await start(config, { clock, log: createLog(config.logLevel), ...outside });
  return {
    ...running,
    directory,
    readKey: running.seeded?.readKey.secret ?? '',
    fullKey: running.seeded?.fullKey.secret ?? '',
    enrolKey: running.seeded?.enrolKey.secret ?? '',
    async issue({
      role = 'developer',
      scopes = ['runtime:read', 'runtime:capture'],
      permissions = ['dev_api'],
      groups = ['everyone'],
      name = 'test',
    }) {
      const { record, secret } = await issueKey(
        running.bridge.desk,
        operatorOf('default').create({
          ...{ kind: 'api', org: 'default', owner: 'operator', name, role, scopes, permissions, groups },
        }),
      );
      return { id: record.id, secret };
    },
    async close() {
      await running.close();
      if (settings.data === undefined) await rm(directory, { recursive: true, force: true });
    },
  };
}
