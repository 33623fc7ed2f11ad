import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { openWorld, type World } from '../hub/world.ts';
import { buildAgent } from './built-agent.ts';
import { bridgeKey, bridgeKeyOf, snapshot } from './fake-bridge.ts';
import { nodes } from './nodes.ts';
import { marked } from './probe-program.ts';
import { program, type RunningProgram, runProgram } from './run-program.ts';
import { until } from './until.ts';

const file = program('obedient.mjs');
const here = { file: 'obedient.mjs', line: marked(file) };
let agent: string;
let world: World;
let programs: RunningProgram[] = [];

beforeAll(async () => {
  agent = await buildAgent();
});
afterAll(() => rm(agent, { recursive: true, force: true }));
afterEach(async () => {
  for (const { child } of programs) child.kill('SIGKILL');
  programs = [];
  await world.end();
});

describe.each(nodes())('the agent at the real hub, on Node $major', ({ execPath: node }) => {
  function run(url: string, key: string, more: Record<string, string> = {}): RunningProgram {
    const environment = {
      SIDELIGHT_URL: url,
      SIDELIGHT_KEY: key,
      SIDELIGHT_SERVICE: 'checkout',
      SIDELIGHT_AGENT_LOG: 'debug',
      ...more,
    };
    const running = runProgram(node, ['--import', pathToFileURL(join(agent, 'register.js')).href, file], environment);
    programs.push(running);
    return running;
  }

  test('it is let in, arms, sends its hit, removes, and comes back to a bridge that was started anew', async () => {
    world = await openWorld();
    const running = run(world.url, 'check');
    const [connected] = await until(() => world.hub.agents('acme').length > 0 && world.hub.agents('acme'), 'the agent');
    expect(connected?.hello).toMatchObject({ service: 'checkout', pid: running.child.pid });
    const id = connected?.id ?? '';
    const armed = await world.hub.arm('acme', id, { ...snapshot('act_a', here), expressions: ['step'] });
    expect(armed).toMatchObject({
      id: 'act_a',
      state: 'armed',
      at: [{ line: here.line, text: expect.stringContaining('passes +=') }],
    });
    await until(() => world.handlers.hits('act_a').length === 1, 'the hit');
    await until(() => world.handlers.states('act_a').at(-1)?.state === 'removed', 'the end');

    const waiting = { ...snapshot('act_b', here), condition: 'passes < 0' };
    await world.hub.arm('acme', id, waiting);
    world.handlers.desired = [waiting];
    await world.restart();
    await until(() => world.hub.agents('acme').length > 0, 'the return');
    expect(world.hub.agents('acme')[0]?.id).toBe(id);
    await world.hub.remove('acme', id, 'act_b', 'cancelled');
    expect(world.handlers.states('act_b').at(-1)).toMatchObject({ state: 'removed' });
    expect(world.log.filter((line) => /not handled|bad-frame/.test(line))).toEqual([]);
  });

  test('with SIDELIGHT_BRIDGE_KEY it obeys the bridge that has this key, and no other', async () => {
    world = await openWorld();
    const misled = run(world.url, 'any', { SIDELIGHT_BRIDGE_KEY: bridgeKeyOf(2).publicKey, SIDELIGHT_AGENT_LOG: 'warn' });
    await until(() => misled.stderr().includes(`trusts ${bridgeKeyOf(2).publicKey}`), 'the refusal');
    await until(() => world.handlers.errors.some(({ code }) => code === 'bad-signature'), 'what the bridge hears of it');
    misled.child.kill('SIGKILL');
    await until(() => world.hub.agents('acme').length === 0, 'nobody');
    const pinned = run(world.url, 'any', { SIDELIGHT_BRIDGE_KEY: bridgeKey.publicKey });
    const trusting = run(world.url, 'any');
    await until(() => world.hub.agents('acme').length === 2, 'both agents');
    for (const { stderr } of [pinned, trusting])
      await until(() => stderr().includes(`the bridge has the key ${bridgeKey.publicKey}`), 'which key it trusts');
    expect([pinned, trusting].map(({ stderr }) => stderr().includes('trusted since it welcomed this process'))).toEqual([
      false,
      true,
    ]);
  });

  test.each([
    ['a key nobody knows', 'nonsense', 'the bridge does not know SIDELIGHT_KEY'],
    [
      'a key for other services',
      'check',
      'the bridge refuses this agent (auth): This enrolment key is for services that match check*',
    ],
  ])('%s is explained, and the program runs on', async (_name, key, line) => {
    world = await openWorld();
    const running = run(world.url, key, { SIDELIGHT_SERVICE: 'till' });
    await until(() => running.stderr().includes(line), `the explanation in ${running.stderr()}`);
    running.tell('exit 5');
    expect(await running.ended).toEqual({ code: 5, signal: null });
  });
});

const hasOpenssl = (() => {
  try {
    return execFileSync('openssl', ['version'], { stdio: 'pipe' }).length > 0;
  } catch {
    return false;
  }
})();

test.skipIf(!hasOpenssl)('over TLS the certificate must be trusted: NODE_EXTRA_CA_CERTS lets the agent in', async () => {
  world = await openWorld();
  const directory = await mkdtemp(join(tmpdir(), 'sidelight-tls-'));
  const [keyFile, certFile] = [join(directory, 'key.pem'), join(directory, 'cert.pem')];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-days', '2'];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  execFileSync('openssl', ['req', '-x509', ...curve, ...subject, '-keyout', keyFile, '-out', certFile], { stdio: 'pipe' });
  const server = createServer({ key: await readFile(keyFile), cert: await readFile(certFile) });
  server.on('upgrade', (request, socket, head) => world.hub.handleUpgrade(request, socket, head));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const environment = { SIDELIGHT_URL: `https://127.0.0.1:${port}`, SIDELIGHT_KEY: 'any', SIDELIGHT_SERVICE: 'checkout' };
  const start = (more: Record<string, string>): RunningProgram => {
    const args = ['--import', pathToFileURL(join(agent, 'register.js')).href, file];
    const running = runProgram(process.execPath, args, { ...environment, ...more });
    programs.push(running);
    return running;
  };
  const distrusting = start({});
  await until(() => /cannot talk to wss:.*self-signed certificate/.test(distrusting.stderr()), 'the refusal of the certificate');
  distrusting.tell('exit 3');
  expect(await distrusting.ended).toEqual({ code: 3, signal: null });
  expect(world.handlers.count('connected')).toBe(0);
  start({ NODE_EXTRA_CA_CERTS: certFile });
  await until(() => world.hub.agents('acme').length > 0, 'the agent');
  for (const { child } of programs) child.kill('SIGKILL');
  await new Promise((resolve) => server.close(resolve));
  await rm(directory, { recursive: true });
});
