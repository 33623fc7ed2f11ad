import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { operatorOf } from '../../src/authorization/administer.ts';
import { askControl } from '../../src/control.ts';
import { rotateKey } from '../../src/keys.ts';
import { type Clock, systemClock } from '../../src/lib/clock.ts';
import { startBridge, type TestBridge } from '../helpers/bridge.ts';
import { until } from '../helpers/program.ts';
import { type Caller, connectCaller, enrolmentKey, onCheckout, startAgent } from './world.ts';

let data: string;
let bridge: TestBridge;
let fullKey: string;
let enrolKey: string;
let callers: Caller[];

beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'sidelight-operator-'));
  bridge = await startBridge({ data });
  ({ fullKey, enrolKey } = bridge);
  callers = [];
});
afterEach(async () => {
  await Promise.all(callers.map((caller) => caller.close()));
  await bridge.close();
  await rm(data, { recursive: true, force: true });
});

async function caller(): Promise<Caller> {
  const made = await connectCaller(bridge.mcpUrl, fullKey);
  callers.push(made);
  return made;
}

async function restart(): Promise<void> {
  await Promise.all(callers.splice(0).map((each) => each.close()));
  await bridge.close();
  bridge = await startBridge({ data });
}

const order = async (name: string) => (await askControl(data, name, { org: 'default' }))?.result;
const snapshot = { ...onCheckout, condition: 'price < 0', timeoutSeconds: 300, waitSeconds: 0 };
const events = async (event: string) =>
  (await bridge.bridge.audit.recent('default', 100)).filter((record) => record.event === event);

describe('the kill switch', () => {
  it('takes every probe off, refuses new ones, outlives a restart, and gives back what was placed', async () => {
    const agent = await startAgent({ agentUrl: bridge.agentUrl, enrolKey });
    let asking = await caller();
    expect((await asking.call('take_snapshot', snapshot)).structured).toMatchObject({ status: 'pending' });
    expect(agent.probes.armed).toBe(1);

    expect(await order('agents.pause')).toMatchObject({
      pausedAt: expect.any(Number),
      agents: [{ id: agent.id, connected: true }],
    });
    await until('it is off', () => agent.probes.armed === 0 || undefined);
    const refused = await asking.call('take_snapshot', snapshot);
    expect(refused.structured.error).toMatchObject({ code: 'unavailable', message: expect.stringContaining('paused') });

    await agent.stop();
    await restart();
    const later = await startAgent({ agentUrl: bridge.agentUrl, enrolKey });
    expect(later.probes.armed).toBe(0);
    asking = await caller();
    expect((await asking.call('take_snapshot', snapshot)).structured.error).toMatchObject({ code: 'unavailable' });

    expect(await order('agents.resume')).not.toHaveProperty('pausedAt');
    await until('it is on again', () => later.probes.armed === 1 || undefined);
    expect((await asking.call('take_snapshot', snapshot)).structured).toMatchObject({ status: 'pending' });
    expect((await events('agents_paused')).map(({ subject }) => subject)).toEqual(['operator']);
    expect(await events('agents_resumed')).toHaveLength(1);
    await later.stop();
  }, 60_000);
});

describe('an agent id', () => {
  it('stays with the key it came with over a restart of the bridge, and with what that key is rotated to', async () => {
    const process = { id: 'agent-with-actions', keySeed: Buffer.alloc(32, 7) };
    const agent = await startAgent({ agentUrl: bridge.agentUrl, enrolKey }, process);
    const { structured } = await (await caller()).call('take_snapshot', snapshot);
    agent.kill();
    await restart();

    const thief = await enrolmentKey(bridge, { pool: 'elsewhere' });
    await expect(startAgent({ agentUrl: bridge.agentUrl, enrolKey: thief }, process)).rejects.toThrow('another enrolment key');
    const copyOfKey = startAgent({ agentUrl: bridge.agentUrl, enrolKey }, { id: process.id });
    await expect(copyOfKey).rejects.toThrow('another key of its own');
    await until('both are recorded', async () => (await events('agent_refused'))[1]);
    const refused = await events('agent_refused');
    expect(refused.sort((one, other) => (one.reason ?? '').localeCompare(other.reason ?? ''))).toMatchObject([
      { decision: 'refused', reason: 'auth', target: { pool: 'elsewhere', agents: [process.id] } },
      { decision: 'refused', reason: 'duplicate', target: { pool: 'default', agents: [process.id] } },
    ]);

    const keyId = enrolKey.split('_')[1] ?? '';
    const grant = operatorOf('default').rotate(await bridge.keys.find(keyId), keyId);
    const { secret } = await rotateKey(bridge.bridge.desk, grant);
    const back = await startAgent({ agentUrl: bridge.agentUrl, enrolKey: secret }, process);
    expect([...back.probes.states.keys()]).toEqual([structured.actionId]);
    await back.stop();
  }, 60_000);
});

describe('an agent that says of itself what it did not say before', () => {
  it('is not handed the actions that were placed on what it was', async () => {
    const process = { id: 'agent-of-two-minds', keySeed: Buffer.alloc(32, 7) };
    const agent = await startAgent(bridge, process);
    const { structured } = await (await caller()).call('take_snapshot', snapshot);
    agent.kill();
    const changed = await startAgent(bridge, { ...process, service: 'payments' });
    expect(changed.probes.states.size).toBe(0);
    await changed.stop();
    const back = await startAgent(bridge, process);
    expect([...back.probes.states.keys()]).toEqual([structured.actionId]);
    await back.stop();
  });
});

describe('a caller that proves nothing', () => {
  it('is recorded, a few times a minute', async () => {
    for (let count = 0; count < 15; count += 1) {
      const response = await fetch(bridge.mcpUrl, {
        method: 'POST',
        headers: { Authorization: `Bearer slk_nothing_${count}` },
        body: '{}',
      });
      expect(response.status).toBe(401);
      await response.arrayBuffer();
    }
    const records = await until('all are written', async () => {
      const all = await bridge.bridge.audit.recent('-', 100);
      const found = all.filter(({ event }) => event === 'caller_refused');
      return found.length >= 10 ? found : undefined;
    });
    expect(records).toHaveLength(10);
    expect(records[0]).toMatchObject({ event: 'caller_refused', reason: 'invalid_token', address: '127.0.0.1' });
  });
});

describe('a path with a character that nobody can see', () => {
  it('is refused before any agent hears of it', async () => {
    const agent = await startAgent({ agentUrl: bridge.agentUrl, enrolKey });
    const { structured } = await (await caller()).call('take_snapshot', { ...snapshot, file: 'a\u200b.cjs' });
    expect(structured.error).toMatchObject({ code: 'invalid_input', field: 'file' });
    expect(agent.probes.states.size).toBe(0);
    await agent.stop();
  });
});

describe('a bridge that is closed', () => {
  it('leaves nothing behind that would still run', async () => {
    const waiting = new Set<() => void>();
    const clock: Clock = {
      ...systemClock,
      after(ms, run) {
        const callOff = systemClock.after(ms, () => {
          waiting.delete(stop);
          run();
        });
        const stop = () => {
          waiting.delete(stop);
          callOff();
        };
        waiting.add(stop);
        return stop;
      },
    };
    const other = await startBridge({}, clock);
    expect(waiting.size).toBeGreaterThan(0);
    await other.close();
    expect(waiting.size).toBe(0);
  });
});
