import { expect, test } from 'vitest';
import { readConfig } from '../../src/agent/config.ts';

const key = 'sle_test';

test.each([
  ['https://bridge.example', 'wss://bridge.example/agent'],
  ['http://localhost:4100', 'ws://localhost:4100/agent'],
  ['http://localhost:4100/', 'ws://localhost:4100/agent'],
  ['wss://bridge.example/agent', 'wss://bridge.example/agent'],
  ['ws://127.0.0.1:4100/agent/', 'ws://127.0.0.1:4100/agent'],
  ['https://example.org/tools/sidelight', 'wss://example.org/tools/sidelight/agent'],
  [' https://bridge.example?x=1#y ', 'wss://bridge.example/agent'],
  ['http://[::1]:4100', 'ws://[::1]:4100/agent'],
])('%s is %s', (url, endpoint) => {
  expect(readConfig({}, { SIDELIGHT_URL: url, SIDELIGHT_KEY: key })).toMatchObject({ url: endpoint });
});

test.each(['bridge', 'localhost:4100', 'ftp://bridge', 'https://user:word@bridge.example', 'file:///agent', 'http://'])(
  '%s is not an address',
  (url) => {
    expect(readConfig({}, { SIDELIGHT_URL: url, SIDELIGHT_KEY: key })).toEqual({
      problem: expect.stringContaining('SIDELIGHT_URL'),
    });
  },
);

test.each(['sle_a b', 'sle_a\nX-Other: 1', 'schlüssel', 'x'.repeat(501)])('%j is not a key', (bad) => {
  expect(readConfig({}, { SIDELIGHT_URL: 'http://bridge', SIDELIGHT_KEY: bad })).toEqual({
    problem: 'SIDELIGHT_KEY is not a key',
  });
});

test('the key of the bridge is 43 characters, and anything else is told', () => {
  const environment = { SIDELIGHT_URL: 'http://bridge', SIDELIGHT_KEY: key, SIDELIGHT_BRIDGE_KEY: ` ${'k'.repeat(43)}\n` };
  expect(readConfig({}, environment)).toMatchObject({ bridgeKey: 'k'.repeat(43) });
  for (const wrong of ['k'.repeat(42), 'k'.repeat(44), `sle_${'k'.repeat(39)}+`])
    expect(readConfig({ bridgeKey: wrong }, environment)).toEqual({ problem: 'SIDELIGHT_BRIDGE_KEY is not a key of a bridge' });
  expect(readConfig({}, { ...environment, SIDELIGHT_BRIDGE_KEY: '' })).not.toHaveProperty('bridgeKey');
});

test('options win over the environment, and what is empty is not set', () => {
  const environment = {
    SIDELIGHT_URL: 'http://bridge',
    SIDELIGHT_KEY: 'sle_environment\n',
    SIDELIGHT_SERVICE: ' ',
    SIDELIGHT_VERSION: '1',
    SIDELIGHT_TAGS: 'a,b',
    SIDELIGHT_AGENT_LOG: 'loud',
  };
  const config = readConfig({ version: '2', tags: ['c'] }, environment);
  expect(config).toEqual({
    ...{ url: 'ws://bridge/agent', key: 'sle_environment', version: '2', tags: ['c'], log: 'warn' },
    ...{ instrument: [], denyFiles: [], engines: ['breakpoint', 'load-time'] },
  });
});

test('lists are separated by commas, with spaces or without', () => {
  const environment = {
    ...{ SIDELIGHT_URL: 'http://bridge', SIDELIGHT_KEY: key },
    ...{ SIDELIGHT_INSTRUMENT: ' dist/**, ,lib/*.js', SIDELIGHT_ENGINES: 'load-time, breakpoint' },
    ...{
      SIDELIGHT_KILL_SIGNAL: 'SIGUSR2',
      SIDELIGHT_WORKER_THREADS: '1',
      SIDELIGHT_DENY_FILES: 'src/vault/**,!src/vault/index.ts',
    },
  };
  expect(readConfig({}, environment)).toMatchObject({
    ...{ instrument: ['dist/**', 'lib/*.js'], engines: ['breakpoint', 'load-time'] },
    ...{ killSignal: 'SIGUSR2', workerThreads: true, denyFiles: ['src/vault/**', '!src/vault/index.ts'] },
  });
  const off = readConfig({}, { ...environment, SIDELIGHT_WORKER_THREADS: '0' });
  expect(off).not.toHaveProperty('workerThreads');
});

test.each([
  ['SIDELIGHT_ENGINES', 'breakpoint,magic', 'SIDELIGHT_ENGINES knows breakpoint, live-edit, load-time, not magic'],
  ...['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGUSR1', 'USR2', '12'].map((name) => [
    'SIDELIGHT_KILL_SIGNAL',
    name,
    `${name} cannot be SIDELIGHT_KILL_SIGNAL`,
  ]),
])('%s=%s is told', (name, value, problem) => {
  const environment = { SIDELIGHT_URL: 'http://bridge', SIDELIGHT_KEY: key, [name as string]: value };
  expect(readConfig({}, environment)).toEqual({ problem });
});
