import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startAgent } from '../flow/world.ts';
import { until } from '../helpers/program.ts';
import { type Serving, serving, sidelight } from './sidelight.ts';

let data: string;
let running: Serving;

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'sidelight-keys-'));
  running = await serving('serve', '--data', data);
}, 60_000);

afterAll(async () => {
  await running?.stop();
  await rm(data, { recursive: true, force: true });
});

interface Key {
  id: string;
  kind: string;
  name: string;
  role?: string;
  scopes?: string[];
  revokedAt?: number;
  lastUsedAt?: number;
}

const keys = (...args: string[]) => sidelight('keys', ...args, '--data', data);
const list = async () => JSON.parse((await keys('list', '--json')).stdout) as Key[];
const create = async (...args: string[]) =>
  JSON.parse((await keys('create', '--json', ...args)).stdout) as { key: Key; secret: string; bridgeKey?: string };

/** HTTP status of a harmless call with a key. */
async function callWith(secret: string): Promise<number> {
  const response = await fetch(running.first.mcpUrl, {
    method: 'POST',
    headers: {
      Authorization: `Bearer ${secret}`,
      'Content-Type': 'application/json',
      Accept: 'application/json, text/event-stream',
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' }),
  });
  await response.arrayBuffer();
  return response.status;
}

describe('sidelight keys, while the bridge runs', () => {
  it('creates a key that works at once, lists it without its secret, and revokes it for the next request', async () => {
    const { key, secret } = await create('--name', 'ci', '--scopes', 'runtime:read,runtime:capture', '--days', '7');
    expect(key).toMatchObject({ kind: 'api', name: 'ci', role: 'developer', scopes: ['runtime:read', 'runtime:capture'] });
    expect(await callWith(secret)).toBe(200);
    const listed = await keys('list', '--json');
    expect(listed.stdout).toContain(key.id);
    expect(listed.stdout).not.toMatch(/"hash"|slk_[0-9A-Za-z]{20}/);
    const revoked = await keys('revoke', key.id);
    expect(revoked).toMatchObject({ code: 0, stdout: expect.stringContaining(key.id) });
    expect(await callWith(secret)).toBe(401);
    expect((await list()).find((each) => each.id === key.id)?.revokedAt).toEqual(expect.any(Number));
  });

  it('rotates a key: the new one works, and the old one as long as the overlap lasts', async () => {
    const old = await create('--name', 'rotating');
    const kept = JSON.parse((await keys('rotate', old.key.id, '--json')).stdout) as typeof old;
    expect(await callWith(old.secret)).toBe(200);
    expect(await callWith(kept.secret)).toBe(200);
    const last = JSON.parse((await keys('rotate', kept.key.id, '--overlap-hours', '0', '--json')).stdout) as typeof old;
    expect(await callWith(kept.secret)).toBe(401);
    expect(await callWith(last.secret)).toBe(200);
    expect(last.key).toMatchObject({ name: 'rotating', scopes: old.key.scopes });
  });

  it('tells with an enrolment key, and no other, which bridge its agents may trust', async () => {
    const { bridgeKey } = await create('--kind', 'enrolment', '--name', 'trusting');
    expect(bridgeKey).toBe(running.first.bridgeKey);
    expect(await create('--name', 'caller')).not.toHaveProperty('bridgeKey');
    const { stdout } = await keys('create', '--kind', 'enrolment', '--name', 'for-people');
    expect(stdout).toContain(`SIDELIGHT_BRIDGE_KEY=${bridgeKey}`);
  });

  it('turns out the agents of an enrolment key that is revoked', async () => {
    const { key, secret } = await create('--kind', 'enrolment', '--name', 'shops', '--pool', 'shops', '--service', 'check*');
    const agent = await startAgent({ agentUrl: running.first.agentUrl, enrolKey: secret });
    await keys('revoke', key.id);
    await until('the agent is turned out', () => agent.state === 'refused' || undefined);
    expect(agent.refusal).toContain('revoked');
  });

  it.each([
    { what: 'a role nobody has', args: ['create', '--name', 'x', '--role', 'root'], says: 'role' },
    { what: 'a key that is not there', args: ['revoke', 'nobody00'], says: 'nobody00' },
  ])('refuses $what in a sentence', async ({ args, says }) => {
    const ran = await keys(...args);
    expect(ran).toMatchObject({ code: 1, stdout: '' });
    expect(ran.stderr).toContain(says);
    expect(ran.stderr).not.toMatch(/^\s+at /m);
  });

  it.each([{ args: [] }, { args: ['revoke'] }, { args: ['create', '--days', 'many'] }])(
    'is called wrongly with $args',
    async ({ args }) => expect(await keys(...args)).toMatchObject({ code: 2, stdout: '' }),
  );
});

describe('sidelight keys, while no bridge runs', () => {
  beforeAll(() => running.stop());

  it('does the same on the data itself, and the bridge knows of it when it is back', async () => {
    const kept = await create('--name', 'made offline');
    const gone = await create('--name', 'gone offline');
    expect((await keys('revoke', gone.key.id)).code).toBe(0);
    const { secret } = JSON.parse((await keys('rotate', kept.key.id, '--overlap-hours', '0', '--json')).stdout) as {
      secret: string;
    };
    const names = (await list()).map((key) => key.name);
    expect(names).toEqual(expect.arrayContaining(['read', 'full', 'agents', 'made offline', 'gone offline']));
    running = await serving('serve', '--data', data);
    expect(await callWith(secret)).toBe(200);
    expect(await callWith(kept.secret)).toBe(401);
    expect(await callWith(gone.secret)).toBe(401);
  }, 90_000);
});
