import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect } from 'vitest';
import type { BridgeFrame } from '../../src/protocol/frames.ts';
import { framesOf } from './fake-bridge.ts';
import { test as linkTest, settings } from './link-world.ts';
import { nodes } from './nodes.ts';
import { program, type RunningProgram } from './run-program.ts';
import { until } from './until.ts';

describe.concurrent.each(nodes())('Node $major', ({ execPath: node }) => {
  const test = linkTest.extend<{ run: (environment: Record<string, string>, file?: string, cwd?: string) => RunningProgram }>({
    run: ({ start, register }, use) =>
      use((environment, file = program('obedient.mjs'), cwd) => start(node, ['--import', register, file], environment, cwd)),
  });

  test('the hello says who connects, from where, with what', async ({ bridgeWith, run }) => {
    const bridge = await bridgeWith();
    const running = run(
      settings(bridge, {
        SIDELIGHT_ENVIRONMENT: 'prod',
        SIDELIGHT_VERSION: '1.2.3',
        SIDELIGHT_TAGS: 'eu, canary,,eu',
        GIT_COMMIT: '0123456789abcdef0123456789abcdef01234567',
        POD_NAME: 'shop-7d9f',
      }),
    );
    const { hello, headers, path } = await bridge.connection(0);
    expect(path).toBe('/agent');
    expect(headers).toMatchObject({ authorization: 'Bearer sle_test', 'sec-websocket-protocol': 'sidelight.v1' });
    expect(hello).toMatchObject({
      v: 1,
      agent: {
        id: expect.stringMatching(/^[\w-]{8,64}$/),
        name: expect.stringContaining(`/${running.child.pid}`),
        mode: 'inproc',
      },
      service: 'shop',
      version: '1.2.3',
      commit: '0123456789abcdef0123456789abcdef01234567',
      environment: 'prod',
      runtime: { language: 'javascript', name: 'node' },
      pid: running.child.pid,
      pod: 'shop-7d9f',
      tags: ['eu', 'canary'],
    });
    expect(hello).not.toHaveProperty('resume');
  });

  test('without settings for them, name and version come from package.json and the commit from .git', async ({
    bridgeWith,
    run,
  }) => {
    const bridge = await bridgeWith();
    const directory = await mkdtemp(join(tmpdir(), 'sidelight-program-'));
    await writeFile(join(directory, 'package.json'), JSON.stringify({ name: '@acme/till', version: '9.8.7' }));
    await mkdir(join(directory, '.git', 'refs', 'heads'), { recursive: true });
    await writeFile(join(directory, '.git', 'HEAD'), 'ref: refs/heads/main\n');
    await writeFile(join(directory, '.git', 'packed-refs'), `# pack-refs\n${'ab'.repeat(20)} refs/heads/main\n`);
    run({ SIDELIGHT_URL: bridge.url, SIDELIGHT_KEY: 'sle_test' }, program('obedient.mjs'), directory);
    const { hello } = await bridge.connection(0);
    expect(hello).toMatchObject({ service: '@acme/till', version: '9.8.7', commit: 'ab'.repeat(20) });
    await rm(directory, { recursive: true });
  });

  test('beats come as often as the bridge asked for', async ({ bridgeWith, run }) => {
    const bridge = await bridgeWith({ welcome: { beatMs: 100 } });
    run(settings(bridge));
    const connection = await bridge.connection(0);
    await until(() => framesOf(connection, 'beat').length >= 3, 'three beats');
    const [first, , third] = framesOf(connection, 'beat');
    expect((third?.ts ?? 0) - (first?.ts ?? 0)).toBeGreaterThan(150);
    expect(first).toMatchObject({ actions: 0, queue: { length: 0, dropped: 0 } });
  });

  test.for<[how: string, order: string, ending: object]>([
    ['natural', 'end', { code: 0, signal: null }],
    ['process.exit', 'exit 7', { code: 7, signal: null }],
    ['uncaught', 'throw', { code: 1, signal: null }],
  ])('a connected program ends by itself as ever: %s', async ([_name, order, ending], { bridgeWith, run }) => {
    const bridge = await bridgeWith();
    const running = run(settings(bridge));
    await bridge.connection(0);
    await running.said('ready');
    const started = performance.now();
    running.tell(order);
    expect(await running.ended).toEqual(ending);
    expect(performance.now() - started).toBeLessThan(1_500);
    expect(running.stderr().includes('the program failed by itself')).toBe(order === 'throw');
    expect(running.stderr()).not.toMatch(/sidelight/i);
  });

  test('SIGTERM ends a connected program by that signal', async ({ bridgeWith, run }) => {
    const bridge = await bridgeWith();
    const running = run(settings(bridge));
    await bridge.connection(0);
    running.child.kill('SIGTERM');
    expect(await running.ended).toEqual({ code: null, signal: 'SIGTERM' });
  });

  test('a short script ends before the agent starts its thread', async ({ bridgeWith, run }) => {
    const bridge = await bridgeWith();
    const directory = await mkdtemp(join(tmpdir(), 'sidelight-program-'));
    await writeFile(join(directory, 'short.cjs'), "console.log('done'); process.exitCode = 5;\n");
    const quiet = run(settings(bridge), join(directory, 'short.cjs'));
    expect(await quiet.ended).toEqual({ code: 5, signal: null });
    expect([quiet.stdout(), quiet.stderr()]).toEqual(['done\n', '']);
    const traced = run(settings(bridge, { NODE_DEBUG: 'worker' }), join(directory, 'short.cjs'));
    await traced.ended;
    expect(traced.stderr()).not.toContain('created Worker');
    await rm(directory, { recursive: true });
  });

  test('a key that is not accepted is one line on stderr, and the program runs on', async ({ bridgeWith, run }) => {
    const bridge = await bridgeWith({ status: 401 });
    const running = run(settings(bridge));
    await until(() => running.stderr() !== '', 'a line on stderr');
    running.tell('exit 3');
    expect(await running.ended).toEqual({ code: 3, signal: null });
    expect(running.stderr()).toBe('sidelight: the bridge does not know SIDELIGHT_KEY (wrong, revoked or expired)\n');
  });

  test('no bridge at all is one line on stderr, and the agent finds the bridge when it comes', async ({ bridgeWith, run }) => {
    const gone = await bridgeWith();
    await gone.kill();
    const running = run(settings(gone));
    await until(() => running.stderr() !== '', 'a line on stderr');
    const bridge = await bridgeWith({ port: gone.port });
    await bridge.connection(0);
    expect(running.stderr().match(/sidelight: cannot talk to ws:\/\/127\.0\.0\.1:\d+\/agent: .*ECONNREFUSED/g)).toHaveLength(1);
  });

  test.for<[what: string, environment: Record<string, string>, line: string]>([
    ['SIDELIGHT_URL', { SIDELIGHT_KEY: 'sle_test' }, 'SIDELIGHT_URL is not set'],
    ['both', {}, 'SIDELIGHT_URL and SIDELIGHT_KEY are not set'],
    ['a URL', { SIDELIGHT_KEY: 'sle_test', SIDELIGHT_URL: 'bridge' }, 'SIDELIGHT_URL is not an address'],
  ])('without %s there is one line on stderr and no agent', async ([_name, environment, line], { run }) => {
    const running = run(environment);
    await running.said('ready');
    running.tell('end');
    expect(await running.ended).toEqual({ code: 0, signal: null });
    expect(running.stderr()).toMatch(new RegExp(`^sidelight: not started: ${line}[^\\n]*\\n$`));
  });

  test('SIDELIGHT_DISABLED=1 switches it off without a word', async ({ bridgeWith, run }) => {
    const bridge = await bridgeWith();
    const running = run(settings(bridge, { SIDELIGHT_DISABLED: '1' }));
    await running.said('ready');
    running.tell('end');
    await running.ended;
    expect([running.stderr(), bridge.connections.length]).toEqual(['', 0]);
  });

  test('a lost connection is taken up again as the same agent, and only what was not acknowledged is sent again', async ({
    bridgeWith,
    run,
  }) => {
    const bridge = await bridgeWith({ welcome: { maxSilenceMs: 5_000 } });
    run(settings(bridge));
    const first = await bridge.connection(0);
    for (const id of ['act_a', 'act_b']) first.send({ t: 'remove', id, reason: 'cancelled' });
    await until(() => framesOf(first, 'state').length === 2, 'two states');
    const [a, b] = framesOf(first, 'state');
    expect([a, b]).toMatchObject([
      { n: 1, id: 'act_a', state: 'removed' },
      { n: 2, id: 'act_b', state: 'removed' },
    ]);
    first.send({ t: 'ack', n: 1 });
    await until(() => framesOf(first, 'beat').at(-1)?.queue.length === 1, 'a beat after the ack');
    first.socket.terminate();
    const second = await bridge.connection(1);
    expect(second.hello.agent.id).toBe(first.hello.agent.id);
    expect(second.hello.resume).toEqual({ session: 'ses_test', lastN: 2 });
    await until(() => framesOf(second, 'state').length > 0, 'the state again');
    second.send({ t: 'ack', n: 2 });
    second.send({ t: 'remove', id: 'act_c', reason: 'cancelled' });
    await until(() => framesOf(second, 'state').length === 2, 'the new state');
    expect(framesOf(second, 'state')).toMatchObject([b, { n: 3, id: 'act_c' }]);
  });

  test('a half-open connection is cut and made anew when no word came for maxSilenceMs', async ({ bridgeWith, run }) => {
    const bridge = await bridgeWith({ silent: true, welcome: { maxSilenceMs: 600 } });
    run(settings(bridge));
    const first = await bridge.connection(0);
    const started = performance.now();
    const second = await bridge.connection(1);
    expect(performance.now() - started).toBeGreaterThan(500);
    expect(second.hello.agent.id).toBe(first.hello.agent.id);
  });

  test('garbage gets an error frame and changes nothing', async ({ bridgeWith, run }) => {
    const bridge = await bridgeWith();
    const running = run(settings(bridge));
    const connection = await bridge.connection(0);
    const garbage = [
      '{',
      'null',
      '[]',
      '{"t":"dance"}',
      '{"t":"challenge","nonce":"abc"}',
      '{"t":"challenge","nonce":"abcdefghijklmnopqrstuvwx"}',
    ];
    for (const text of garbage) connection.socket.send(text);
    const signed = [{ t: 'arm' }, { t: 'arm', action: { id: 1 } }, { t: 'welcome' }];
    for (const frame of signed) connection.socket.send(connection.seal(frame as BridgeFrame));
    await until(() => framesOf(connection, 'error').length === garbage.length + signed.length, 'an error for each');
    expect(framesOf(connection, 'error').map((frame) => frame.code)).toEqual([
      ...['bad-frame', 'bad-frame', 'bad-frame', 'unsupported'],
      ...['bad-frame', 'bad-frame', 'bad-frame', 'bad-frame', 'bad-frame'],
    ]);
    connection.send({ t: 'remove', id: 'act_a', reason: 'cancelled' });
    await until(() => framesOf(connection, 'state').length === 1, 'an answer');
    running.tell('exit 4');
    expect(await running.ended).toEqual({ code: 4, signal: null });
    expect(running.stderr()).toBe('');
  });

  test.for<[what: string, code: number, send: (socket: WebSocketLike) => unknown]>([
    ['a binary message', 1003, (socket) => socket.send(Buffer.from('{}'), { binary: true })],
    ['a message above 256 KiB', 1009, (socket) => socket.send('x'.repeat(256 * 1024 + 1), { binary: false })],
    ['a message that is not UTF-8', 1007, (socket) => socket.send(Buffer.from([0xff, 0xfe]), { binary: false })],
    ['garbage without end', 1008, (socket) => Array.from({ length: 11 }, () => socket.send('{', { binary: false }))],
  ])('%s closes the connection with %i, and the agent comes back', async ([_name, code, send], { bridgeWith, run }) => {
    const bridge = await bridgeWith();
    run(settings(bridge));
    const connection = await bridge.connection(0);
    send(connection.socket);
    await until(() => connection.closed, 'the close');
    expect(connection.closed?.code).toBe(code);
    await bridge.connection(1);
  });

  test('a bridge that orders without end is left, and the program does not feel it', async ({ bridgeWith, run }) => {
    const bridge = await bridgeWith();
    const running = run(settings(bridge));
    const connection = await bridge.connection(0);
    const startedAt = performance.now();
    for (let order = 0; order < 1_000; order += 1) connection.send({ t: 'remove', id: `act_${order}`, reason: 'cancelled' });
    await until(() => connection.closed, 'the close');
    expect(connection.closed?.code).toBe(1008);
    // 200 a second are obeyed, and on a slow machine the orders take more than one.
    const seconds = Math.ceil((performance.now() - startedAt) / 1_000) + 1;
    expect(framesOf(connection, 'state').length).toBeLessThanOrEqual(200 * Math.min(seconds, 4));
    running.tell('exit 0');
    expect((await running.ended).code).toBe(0);
  });

  test('a bridge that acknowledges nothing and then reads nothing holds up nothing: 256 frames wait, the oldest are dropped and counted', async ({
    bridgeWith,
    run,
  }) => {
    const bridge = await bridgeWith({ welcome: { beatMs: 100 } });
    const running = run(settings(bridge));
    const connection = await bridge.connection(0);
    for (let round = 1; round <= 3; round += 1) {
      for (let order = 0; order < 100; order += 1)
        connection.send({ t: 'remove', id: `act_${round}_${order}`, reason: 'cancelled' });
      await until(() => framesOf(connection, 'state').length === round * 100, 'the answers');
      const beats = framesOf(connection, 'beat').length;
      // More than a second, because more than 200 orders in one would end the connection.
      await until(() => framesOf(connection, 'beat').length > beats + 11, 'the next second');
    }
    expect(framesOf(connection, 'beat').at(-1)?.queue).toEqual({ length: 256, dropped: 44 });
    connection.socket.pause();
    const started = performance.now();
    running.tell('exit 2');
    expect(await running.ended).toEqual({ code: 2, signal: null });
    expect(performance.now() - started).toBeLessThan(1_500);
  });

  test.for(['revoked', 'auth', 'version'] as const)(
    'an agent refused with `%s` goes away and does not come back soon',
    async (code, { bridgeWith, run }) => {
      const bridge = await bridgeWith();
      const running = run(settings(bridge, { SIDELIGHT_AGENT_LOG: 'debug' }));
      const connection = await bridge.connection(0);
      connection.send({ t: 'error', code, message: 'Not you.' });
      await until(() => connection.closed, 'the close');
      await until(() => running.stderr().includes('trying again in'), 'the wait');
      expect(running.stderr()).toContain(`the bridge refuses this agent (${code}): Not you.`);
      await until(() => running.stderr().includes(`probes suspended: the bridge refuses this agent: ${code}`), 'the suspension');
      expect(Number(/trying again in (\d+) ms/.exec(running.stderr())?.[1])).toBeGreaterThan(200_000);
    },
  );

  test('an agent whose place was taken by a copy of its process removes its probes and comes back under an id of its own', async ({
    bridgeWith,
    run,
  }) => {
    const bridge = await bridgeWith();
    const running = run(settings(bridge, { SIDELIGHT_AGENT_LOG: 'debug' }));
    const first = await bridge.connection(0);
    first.send({ t: 'remove', id: 'act_a', reason: 'cancelled' });
    await until(() => framesOf(first, 'state').length === 1, 'an answer nobody acknowledges');
    first.socket.close(4001, 'replaced');
    const second = await bridge.connection(1);
    expect(second.hello.agent.id).toMatch(/^[\w-]{8,64}$/);
    expect(second.hello.agent.id).not.toBe(first.hello.agent.id);
    expect(second.hello.identity?.key).not.toBe(first.hello.identity?.key);
    expect(second.hello).not.toHaveProperty('resume');
    expect(second.hello.pid).toBe(first.hello.pid);
    expect(running.stderr()).toContain('probes suspended: another process took the place of this agent');
    await until(() => framesOf(second, 'beat').length > 0, 'a beat');
    expect(framesOf(second, 'state')).toEqual([]);
  });

  test('a bridge that drains is left without a word and found again by the same agent', async ({ bridgeWith, run }) => {
    const bridge = await bridgeWith();
    const running = run(settings(bridge));
    const first = await bridge.connection(0);
    first.send({ t: 'error', code: 'draining', message: 'This replica shuts down.' });
    first.socket.close(1012, 'draining');
    const second = await bridge.connection(1);
    expect(second.hello.agent.id).toBe(first.hello.agent.id);
    expect(second.hello.resume).toEqual({ session: 'ses_test', lastN: 0 });
    expect(running.stderr()).toBe('');
  });

  test('a bridge that dies while the program is busy is noticed all the same, and its probes are suspended in time', async ({
    bridgeWith,
    run,
  }) => {
    const bridge = await bridgeWith({ welcome: { maxSilenceMs: 1_000 } });
    const running = run(settings(bridge, { SIDELIGHT_AGENT_LOG: 'debug' }));
    const connection = await bridge.connection(0);
    await running.said('ready');
    running.tell('block 2500');
    await until(() => framesOf(connection, 'beat').length > 2, 'beats while the program is busy');
    const killedAt = performance.now();
    await bridge.kill();
    await until(() => running.stderr().includes('probes suspended: no word from the bridge for 1000 ms'), 'the suspension');
    expect(performance.now() - killedAt).toBeLessThan(4_000);
  });

  test('each process is an agent of its own, a worker thread is none', async ({ bridgeWith, run }) => {
    const bridge = await bridgeWith();
    const running = run(settings(bridge));
    const parent = await bridge.connection(0);
    running.tell('worker');
    await running.said('worker done');
    running.tell('fork');
    const child = await bridge.connection(1);
    expect(child.hello.agent.id).not.toBe(parent.hello.agent.id);
    expect(child.hello.pid).not.toBe(parent.hello.pid);
    expect(bridge.connections).toHaveLength(2);
  });

  test('each worker of a cluster is an agent of its own, beside its primary', async ({ bridgeWith, run }) => {
    const bridge = await bridgeWith();
    const running = run(settings(bridge), program('clustered.mjs'));
    await until(() => bridge.connections.length === 3, 'primary and two workers');
    await running.said('workers');
    const pids = [running.child.pid, ...(running.stdout().match(/\d+/g) ?? []).map(Number)];
    const hellos = bridge.connections.map(({ hello }) => hello);
    expect(hellos.map(({ pid }) => pid).toSorted()).toEqual(pids.toSorted());
    expect(new Set(hellos.map(({ agent: { id } }) => id)).size).toBe(3);
    for (const { pid, agent: one } of hellos) expect(one.name).toContain(`/${pid}`);
  });

  test('NODE_OPTIONS starts one agent, and what else it loads is not loaded again for the thread of the agent', async ({
    register,
    bridgeWith,
    start,
  }) => {
    const bridge = await bridgeWith({ welcome: { beatMs: 100 } });
    const directory = await mkdtemp(join(tmpdir(), 'sidelight-program-'));
    await writeFile(join(directory, 'setup.cjs'), "require('node:fs').writeSync(1, 'setup\\n');\n");
    const options = { NODE_OPTIONS: `--import ${register} --require ${join(directory, 'setup.cjs')}` };
    const running = start(node, [program('obedient.mjs')], settings(bridge, options));
    const connection = await bridge.connection(0);
    await until(() => framesOf(connection, 'beat').length >= 3, 'three beats');
    expect(bridge.connections).toHaveLength(1);
    expect(running.stdout().match(/setup/g)).toHaveLength(1);
    await rm(directory, { recursive: true });
  });

  test('--require works as --import does', async ({ agent, bridgeWith, start }) => {
    const bridge = await bridgeWith();
    const running = start(node, ['--require', join(agent, 'register.cjs'), program('obedient.mjs')], settings(bridge));
    expect((await bridge.connection(0)).hello.pid).toBe(running.child.pid);
  });

  test('start() in code takes the same settings, is one agent with --import, and stop() says bye', async ({
    agent,
    bridgeWith,
    start,
  }) => {
    const bridge = await bridgeWith();
    const directory = await mkdtemp(join(tmpdir(), 'sidelight-program-'));
    const code = `
      import { start } from ${JSON.stringify(pathToFileURL(join(agent, 'start.js')).href)};
      const agent = start({ url: ${JSON.stringify(bridge.url)}, key: 'sle_test', service: 'till', tags: ['code'] });
      if (start().id !== agent.id) throw new Error('two agents');
      process.stdin.once('data', async () => { await agent.stop(); console.log('stopped'); process.stdin.destroy(); });
    `;
    await writeFile(join(directory, 'own.mjs'), code);
    const running = start(node, [join(directory, 'own.mjs')], {});
    const connection = await bridge.connection(0);
    expect(connection.hello).toMatchObject({ service: 'till', tags: ['code'] });
    running.tell('stop');
    expect(await running.ended).toEqual({ code: 0, signal: null });
    expect(running.stdout()).toBe('stopped\n');
    expect(connection.frames.at(-1)).toEqual({ t: 'bye', reason: 'config' });
    await rm(directory, { recursive: true });
  });

  test('when its thread dies the program runs on, and the thread is started again', async ({ agent, bridgeWith, start }) => {
    const bridge = await bridgeWith();
    const broken = await mkdtemp(join(tmpdir(), 'sidelight-broken-'));
    await cp(agent, broken, { recursive: true });
    await rm(join(broken, 'link-worker.js'));
    const running = start(
      node,
      ['--import', pathToFileURL(join(broken, 'register.js')).href, program('obedient.mjs')],
      settings(bridge, { SIDELIGHT_AGENT_LOG: 'debug' }),
    );
    await until(() => running.stderr().includes('starting it again'), 'the death of the thread');
    await cp(join(agent, 'link-worker.js'), join(broken, 'link-worker.js'));
    await bridge.connection(0);
    running.tell('exit 6');
    expect(await running.ended).toEqual({ code: 6, signal: null });
    await rm(broken, { recursive: true });
  });
});

interface WebSocketLike {
  send(data: string | Buffer, options: { binary: boolean }): void;
}
