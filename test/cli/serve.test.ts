import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectCaller, onCheckout, startAgent } from '../flow/world.ts';
import { until } from '../helpers/program.ts';
import { clients } from '../mcp/clients.ts';
import { type FirstLine, type Serving, serving, servingAnew, sidelight } from './sidelight.ts';

/** A bridge with nothing to wait for is gone well before its drain would end. */
const promptMs = 8_000;
const loopback = (scheme: string, path: string) => new RegExp(`^${scheme}://127\\.0\\.0\\.1:\\d+/${path}$`);

let data: string;
let running: Serving;
let first: Required<Omit<FirstLine, 'program'>>;

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'sidelight-serve-'));
  running = await servingAnew('serve', '--data', data);
  first = running.first as typeof first;
}, 60_000);

afterAll(async () => {
  await running?.stop();
  await rm(data, { recursive: true, force: true });
});

const status = async (url: string, key: string) => {
  const caller = await connectCaller(url, key);
  try {
    return (await caller.call('get_status')).structured;
  } finally {
    await caller.close();
  }
};

describe('sidelight serve', () => {
  it('tells everything a script needs in one line', async () => {
    expect(first).toEqual({
      mcpUrl: expect.stringMatching(loopback('http', 'mcp')),
      agentUrl: expect.stringMatching(loopback('ws', 'agent')),
      bridgeKey: expect.stringMatching(/^[\w-]{43}$/),
      signInLink: expect.stringMatching(loopback('http', 'oauth/local\\?ticket=\\w{43}')),
      readKey: expect.stringMatching(/^slk_/),
      fullKey: expect.stringMatching(/^slk_/),
      enrolKey: expect.stringMatching(/^sle_/),
    });
    expect(await status(first.mcpUrl, first.fullKey)).toMatchObject({ status: 'ok' });
  });

  it('leaves a data directory to the bridge that has it', async () => {
    const second = await sidelight('serve', '--data', data, '--port', '0', '--json');
    expect(second).toMatchObject({ code: 1, stdout: '' });
    expect(second.stderr).toContain(data);
    expect(second.stderr).toMatch(/\(unavailable\)/);
    expect(second.stderr).not.toMatch(/^\s+at /m);
    expect(await status(first.mcpUrl, first.readKey)).toMatchObject({ status: 'ok' });
  });

  it('refuses a port that is taken, in a sentence', async () => {
    const other = await mkdtemp(join(tmpdir(), 'sidelight-serve-'));
    const taken = await sidelight('serve', '--data', other, '--port', new URL(first.mcpUrl).port);
    await rm(other, { recursive: true, force: true });
    expect(taken).toMatchObject({ code: 1, stdout: '' });
    expect(taken.stderr).toMatch(new RegExp(`port ${new URL(first.mcpUrl).port} .* in use`));
    expect(taken.stderr).not.toMatch(/^\s+at /m);
  });

  it.each([clients[0], clients[3]])(
    'answers who waits through $name when it is stopped, and what was placed stays',
    async (how) => {
      const agent = await startAgent({ agentUrl: running.first.agentUrl, enrolKey: first.enrolKey });
      const caller = await connectCaller(running.first.mcpUrl, first.fullKey, how);
      const waiting = caller.call('take_snapshot', {
        ...onCheckout,
        condition: 'price < 0',
        timeoutSeconds: 300,
        waitSeconds: 200,
      });
      await until('it is armed', () => agent.probes.armed === 1 || undefined);
      const ended = running.stop();
      const { structured } = await waiting;
      expect(structured).toMatchObject({ status: 'pending', actionId: expect.stringMatching(/^act_/) });
      const { code, ms } = await ended;
      expect(code).toBe(0);
      expect(ms).toBeLessThan(promptMs);
      await Promise.all([caller.close(), agent.stop()]);

      running = await serving('serve', '--data', data);
      expect(Object.keys(running.first).sort()).toEqual(['agentUrl', 'bridgeKey', 'mcpUrl', 'signInLink']);
      const again = await connectCaller(running.first.mcpUrl, first.fullKey);
      const { structured: resumed } = await again.call('wait_for_hits', { actionId: structured.actionId, waitSeconds: 0 });
      expect(resumed).toMatchObject({ status: 'pending' });
      await again.call('cancel_actions', { actionIds: [structured.actionId] });
      await again.close();
    },
    60_000,
  );

  it('ends by SIGTERM at once when nobody waits, also when somebody holds the door of the operator open', async () => {
    const held = connect(join(data, 'control.sock'));
    held.on('error', () => undefined);
    await new Promise((done) => held.once('connect', done));
    const { code, ms } = await running.stop();
    held.destroy();
    expect(code).toBe(0);
    expect(ms).toBeLessThan(promptMs);
  });
});
