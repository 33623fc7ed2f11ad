import { cp, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect } from 'vitest';
import { verifierOf } from '../../src/agent/link/ed25519.ts';
import { contexts, openSeal } from '../../src/protocol/seal.ts';
import { bridgeKey, bridgeKeyOf, type FakeConnection, framesOf, snapshot } from './fake-bridge.ts';
import { settings, test } from './link-world.ts';
import { nodes } from './nodes.ts';
import { marked } from './probe-program.ts';
import { program } from './run-program.ts';
import { until } from './until.ts';

/** The thread of the link as it is, but that the first one of a process dies soon after its welcome. */
const dyingWorker = `
import { parentPort, workerData } from 'node:worker_threads';
import './whole-link-worker.js';
const post = parentPort.postMessage;
parentPort.postMessage = (message) => {
  post.call(parentPort, message);
  if (message.kind === 'welcome' && workerData.session === undefined) setTimeout(() => { throw new Error('the thread died'); }, 50);
};
`;

function isProved({ hello, helloText, challenge }: FakeConnection): boolean {
  const opened = openSeal(helloText);
  return opened !== undefined && verifierOf(hello.identity?.key ?? '')(contexts.hello(challenge) + opened.body, opened.sig);
}

describe.each(nodes())('on Node $major', ({ execPath: node }) => {
  test('a process has a key of its own, proves it at each connection, and is no other process', async ({
    register,
    bridgeWith,
    start,
  }) => {
    const bridge = await bridgeWith();
    for (let count = 0; count < 2; count += 1)
      start(node, ['--import', register, program('obedient.mjs')], settings(bridge, { SIDELIGHT_AGENT_NAME: `shop-${count}` }));
    const [one, other] = [await bridge.connection(0), await bridge.connection(1)];
    one.socket.terminate();
    const again = await bridge.connection(2);
    expect([one, other, again].map(isProved)).toEqual([true, true, true]);
    expect(again.hello.agent.id).toBe(one.hello.agent.id);
    expect(again.hello.identity?.key).toBe(one.hello.identity?.key);
    expect(again.hello.identity?.nonce).not.toBe(one.hello.identity?.nonce);
    expect(again.hello.identity?.key).not.toBe(other.hello.identity?.key);
  });

  test('its key and the bridge it trusts outlive the thread of the link', async ({ agent, bridgeWith, start }) => {
    const bridge = await bridgeWith();
    const dying = await mkdtemp(join(tmpdir(), 'sidelight-dying-'));
    await cp(agent, dying, { recursive: true });
    await rename(join(dying, 'link-worker.js'), join(dying, 'whole-link-worker.js'));
    await writeFile(join(dying, 'link-worker.js'), dyingWorker);
    const register = pathToFileURL(join(dying, 'register.js')).href;
    const running = start(node, ['--import', register, program('obedient.mjs')], settings(bridge));
    const first = await bridge.connection(0);
    bridge.options.key = bridgeKeyOf(2);
    const second = await bridge.connection(1);
    expect(second.hello).toMatchObject({
      agent: { id: first.hello.agent.id },
      identity: { key: first.hello.identity?.key },
      resume: { session: 'ses_test' },
    });
    await until(() => second.closed?.reason === 'bad-signature', 'the refusal');
    expect(running.stderr()).toContain(`this process trusts ${bridgeKey.publicKey}`);
    await rm(dying, { recursive: true });
  });

  test('who beats without ever welcoming keeps no probe alive', async ({ register, bridgeWith, start }) => {
    const bridge = await bridgeWith({ welcome: { maxSilenceMs: 600 } });
    const debug = settings(bridge, { SIDELIGHT_AGENT_LOG: 'debug' });
    const running = start(node, ['--import', register, program('obedient.mjs')], debug);
    const first = await bridge.connection(0);
    const here = { file: 'obedient.mjs', line: marked(program('obedient.mjs')) };
    first.send({ t: 'arm', action: snapshot('act_a', here, { hits: 50 }) });
    await until(() => framesOf(first, 'hit').length > 0, 'a hit');
    bridge.options.mute = true;
    first.socket.terminate();
    await bridge.connection(1);
    await until(() => running.stderr().includes('probes suspended: no word from the bridge for 600 ms'), 'the suspension');
    expect(bridge.connections[1]?.closed).toBeUndefined();
  });

  test('what it refuses it tells once, in one line, however often it comes', async ({ register, bridgeWith, start }) => {
    const bridge = await bridgeWith({ tamper: (text) => [text.replace('"count":1', '"count":2')] });
    const running = start(node, ['--import', register, program('obedient.mjs')], settings(bridge));
    for (const index of [0, 1, 2]) {
      const connection = await bridge.connection(index);
      expect(await until(() => connection.closed, 'the close')).toEqual({ code: 1008, reason: 'bad-signature' });
    }
    expect(running.stderr()).toMatch(/^sidelight: refused a frame of ws:\/\/\S+: its seal is wrong: [^\n]+\n$/);
  });
});
