import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CheckedChain } from '../../src/audit/verify.ts';
import { askControl } from '../../src/control.ts';
import { refusalOf } from '../authorization/world.ts';
import { sidelight } from '../cli/sidelight.ts';
import { startBridge, type TestBridge } from '../helpers/bridge.ts';
import { until } from '../helpers/program.ts';
import { hasPostgres, postgresWorld, type World } from '../storage/engines.ts';
import { connectCaller, startAgent } from './world.ts';

const old = 'a-secret-of-at-least-forty-three-characters-1';
const newer = 'a-secret-of-at-least-forty-three-characters-2';

describe.skipIf(!hasPostgres)('the master secret of two bridges', () => {
  let world: World;
  let home: string;
  let enrolKey: string;
  let fullKey: string;
  const bridges = new Map<string, TestBridge>();
  beforeAll(async () => {
    world = await postgresWorld();
    home = await mkdtemp(join(tmpdir(), 'sidelight-rotation-'));
    ({ enrolKey, fullKey } = await restart('one', old));
    await restart('two', old);
  }, 60_000);
  afterAll(async () => {
    await Promise.all([...bridges.values()].map((bridge) => bridge.close()));
    await world.close();
    await rm(home, { recursive: true, force: true });
  });

  const data = (name: string) => join(home, name);
  async function restart(name: string, ...lines: string[]): Promise<TestBridge> {
    await bridges.get(name)?.close();
    bridges.delete(name);
    const secretFile = join(home, `${name}.secret`);
    await writeFile(secretFile, lines.join('\n'));
    const bridge = await startBridge({ data: data(name), 'database-url': world.url ?? '', 'secret-file': secretFile });
    bridges.set(name, bridge);
    return bridge;
  }
  const findings = async (name: string) => {
    const asked = await askControl(data(name), 'audit.verify', {});
    const { chains } = (asked?.result ?? { chains: [] }) as { chains: CheckedChain[] };
    expect(chains).not.toEqual([]);
    return chains.flatMap(({ finding }) => finding ?? []);
  };

  it('is replaced in two steps, and at each of them both find all of the trail right and serve the same agent', async () => {
    const first = bridges.get('one');
    if (first === undefined) throw new Error('The first bridge does not run.');
    const pinned = first.bridgeKey;
    for (const lines of [
      [old, newer],
      [newer, old],
    ]) {
      for (const name of ['one', 'two']) {
        const bridge = await restart(name, ...lines);
        const caller = await connectCaller(bridge.mcpUrl, fullKey);
        expect((await caller.call('get_status')).isError).not.toBe(true);
        await caller.close();
        for (const each of ['one', 'two']) expect(await findings(each)).toEqual([]);
        for (const { agentUrl } of bridges.values()) {
          const agent = await startAgent({ agentUrl, enrolKey }, { bridgeKey: pinned });
          await agent.stop();
        }
      }
    }
    expect(bridges.get('two')?.bridgeKey).not.toBe(pinned);
  }, 120_000);

  it('that only one of them has is named, by the other as well, and asked for when that one starts again', async () => {
    const third = 'a-secret-of-at-least-forty-three-characters-3';
    await restart('one', third, newer, old);
    const found = await until('the new one has signed where it begins', async () => {
      const told = await findings('two');
      return told.every(({ kind }) => kind === 'unknown_secret') && told.length > 0 ? told : undefined;
    });
    expect(found).toHaveLength(1);
    const { code, stdout } = await sidelight('audit', 'verify', '--data', data('two'));
    expect(code).toBe(1);
    expect(stdout).toMatch(/ records, 1 to \d+.* not told from \d+ on\n/);
    expect(stdout).toContain('cannot be told with this secret file.');
    expect(stdout).not.toContain('edited');
    const { details } = await refusalOf(() => restart('two', newer, old));
    expect(details.next).toMatch(/^Add the new line to the secret file/);
    await restart('two', newer, old, third);
    for (const each of ['one', 'two']) expect(await findings(each)).toEqual([]);
  }, 60_000);
});
