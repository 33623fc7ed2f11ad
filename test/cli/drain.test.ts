import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectCaller, onCheckout, startAgent } from '../flow/world.ts';
import { until } from '../helpers/program.ts';
import { type Serving, serving } from './sidelight.ts';

const delaySeconds = 2;
const drainSeconds = 5;
/** What agents and the database take on top. */
const slackMs = 10_000;

let data: string;
let keys: { fullKey: string; enrolKey: string };
const serve = async (...args: string[]): Promise<Serving> => {
  const running = await serving('serve', '--data', data, '--drain-seconds', String(drainSeconds), ...args);
  keys ??= running.first as typeof keys;
  return running;
};

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'sidelight-drain-'));
});
afterAll(() => rm(data, { recursive: true, force: true }));

describe('SIGTERM', () => {
  it('lets calls under way end with their hits, sends the agents away, and ends with 0 in its time', async () => {
    const running = await serve('--drain-delay-seconds', String(delaySeconds), '--metrics-port', '0', '--log-level', 'info');
    const { mcpUrl, agentUrl } = running.first;
    const agent = await startAgent({ agentUrl, enrolKey: keys.enrolKey });
    const caller = await connectCaller(mcpUrl, keys.fullKey);
    const waiting = caller.call('take_snapshot', { ...onCheckout, maxHits: 3, waitSeconds: 60, timeoutSeconds: 120 });
    await until('it is armed', () => agent.probes.armed === 1 || undefined);
    const startedMs = performance.now();
    const ended = running.stop();
    await until('it is not ready any more', async () => (await fetch(new URL('/readyz', mcpUrl))).status === 503 || undefined);
    agent.pass();
    agent.pass();
    const { structured } = await waiting;
    expect(structured).toMatchObject({ status: 'pending', hitCount: 2 });
    const { code } = await ended;
    const ms = performance.now() - startedMs;
    expect(code).toBe(0);
    expect(ms).toBeGreaterThan(delaySeconds * 1_000 - 100);
    expect(ms).toBeLessThan((delaySeconds + drainSeconds) * 1_000 + slackMs);
    expect(running.stderr()).toContain('"msg":"stopped"');
    await Promise.all([caller.close().catch(() => undefined), agent.stop()]);

    const next = await serve();
    const again = await connectCaller(next.first.mcpUrl, keys.fullKey);
    const { actionId } = structured;
    expect((await again.call('wait_for_hits', { actionId, waitSeconds: 0 })).structured).toMatchObject({ hitCount: 2 });
    await again.close();
    await next.stop();
  }, 120_000);

  it('a second time ends the process at once', async () => {
    const running = await serve('--drain-delay-seconds', '120');
    const { child, first } = running;
    const closed = once(child, 'close');
    child.kill('SIGTERM');
    await until('the first was heard', async () => (await fetch(new URL('/readyz', first.mcpUrl))).status === 503 || undefined);
    const startedMs = performance.now();
    child.kill('SIGTERM');
    await closed;
    expect(child.exitCode).toBe(1);
    expect(performance.now() - startedMs).toBeLessThan(slackMs);
  }, 120_000);
});
