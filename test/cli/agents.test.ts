import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectCaller, onCheckout, startAgent } from '../flow/world.ts';
import { until } from '../helpers/program.ts';
import { type Serving, serving, sidelight } from './sidelight.ts';

let data: string;
let running: Serving;
let first: { fullKey: string; enrolKey: string };

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'sidelight-agents-'));
  running = await serving('serve', '--data', data);
  first = running.first as typeof first;
}, 60_000);

afterAll(async () => {
  await running?.stop();
  await rm(data, { recursive: true, force: true });
});

const agents = (...args: string[]) => sidelight('agents', ...args, '--data', data);

describe('sidelight agents', () => {
  it('lists, pauses and resumes them, while the bridge runs and while it does not', async () => {
    const agent = await startAgent({ agentUrl: running.first.agentUrl, enrolKey: first.enrolKey });
    const caller = await connectCaller(running.first.mcpUrl, first.fullKey);
    await caller.call('take_snapshot', { ...onCheckout, condition: 'price < 0', timeoutSeconds: 300, waitSeconds: 0 });
    expect(agent.probes.armed).toBe(1);
    const listed = await agents('list');
    expect(listed.stdout).toMatch(new RegExp(`${agent.id} .*checkout.* connected`));
    expect(listed.stdout).not.toContain('paused');

    const paused = await agents('pause');
    expect(paused).toMatchObject({ code: 0, stdout: expect.stringContaining('All agents are paused since 20') });
    await until('its probe is off', () => agent.probes.armed === 0 || undefined);
    const refused = await caller.call('take_snapshot', { ...onCheckout, waitSeconds: 0 });
    expect(refused.structured.error).toMatchObject({ code: 'unavailable', message: expect.stringContaining('paused') });
    await Promise.all([caller.close(), agent.stop(), running.stop()]);

    expect(JSON.parse((await agents('list', '--json')).stdout)).toMatchObject({
      pausedAt: expect.any(Number),
      agents: [{ id: agent.id, connected: false }],
    });
    expect((await agents('resume')).stdout).not.toContain('paused');
    running = await serving('serve', '--data', data);
    const later = await startAgent({ agentUrl: running.first.agentUrl, enrolKey: first.enrolKey });
    expect(later.probes.armed).toBe(1);
    await later.stop();
  }, 60_000);

  it.each([{ args: [] }, { args: ['stop'] }, { args: ['list', 'twice'] }])('is called wrongly with $args', async ({ args }) =>
    expect(await agents(...args)).toMatchObject({ code: 2, stdout: '' }),
  );
});

describe('a command of the operator', () => {
  it.each([
    ['agents', 'pause'],
    ['keys', 'list'],
  ])('refuses a mistyped --data instead of making a store there: %s %s', async (...args) => {
    const mistyped = join(data, 'mistyped');
    const ran = await sidelight(...args, '--data', mistyped);
    expect(ran).toMatchObject({ code: 1, stdout: '' });
    expect(ran.stderr).toContain(mistyped);
    expect(ran.stderr).not.toMatch(/^\s+at /m);
    expect(existsSync(mistyped)).toBe(false);
  });
});
