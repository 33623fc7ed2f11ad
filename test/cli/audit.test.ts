import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditRecord } from '../../src/audit/record.ts';
import { connectCaller, onCheckout, startAgent } from '../flow/world.ts';
import { until } from '../helpers/program.ts';
import { type Serving, serving, sidelight } from './sidelight.ts';

let data: string;
let running: Serving;

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'sidelight-audit-'));
  running = await serving('serve', '--data', data);
}, 60_000);

afterAll(async () => {
  await running?.stop();
  await rm(data, { recursive: true, force: true });
});

const audit = (...args: string[]) => sidelight('audit', ...args, '--data', data);
const records = async (...args: string[]) => JSON.parse((await audit('--json', ...args)).stdout) as AuditRecord[];
const create = async (...args: string[]) => {
  const { stdout } = await sidelight('keys', 'create', '--json', ...args, '--data', data);
  return JSON.parse(stdout) as { key: { id: string }; secret: string };
};

describe('sidelight audit', () => {
  it('shows the newest records first, as many as asked for, without values and in one visible line each', async () => {
    const { key, secret } = await create('--name', 'curious', '--scopes', 'runtime:read');
    const caller = await connectCaller(running.first.mcpUrl, secret);
    await caller.call('get_status');
    await caller.call('no\u001b[31m\ntool');
    await caller.close();
    const [refused, asked, created, ...rest] = await records('--limit', '3');
    expect(rest).toEqual([]);
    expect(refused).toMatchObject({ decision: 'refused', reason: 'unsupported_tool', subject: `key:${key.id}` });
    expect(asked).toMatchObject({ decision: 'allowed', tool: 'get_status' });
    expect(created).toMatchObject({ event: 'key_created', role: 'operator' });
    const { stdout } = await audit('--limit', '2');
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(2);
    expect(lines[0]).toContain(`refused (unsupported_tool)`);
    expect(lines[1]).toContain('get_status');
    expect(stdout).not.toContain('\u001b');
    expect(JSON.stringify(await records())).not.toContain(secret.slice(4));
  });

  it('shows who was turned away among the rest, and alone or not at all when an organisation is named', async () => {
    const answer = await fetch(running.first.mcpUrl, {
      method: 'POST',
      headers: { authorization: 'Bearer sk_nobody' },
      body: '{}',
    });
    expect(answer.status).toBe(401);
    await until('it is recorded', async () => (await records('--org', '-')).length > 0 || undefined);
    await create('--name', 'later', '--scopes', 'runtime:read');
    const [newest, turnedAway] = await records('--limit', '2');
    expect(newest).toMatchObject({ org: 'default', event: 'key_created' });
    expect(turnedAway).toMatchObject({ org: '-', event: 'caller_refused' });
    const orgs = async (...args: string[]) => [...new Set((await records(...args)).map(({ org }) => org))];
    expect(await orgs('--org', '-')).toEqual(['-']);
    expect(await orgs('--org', 'default')).toEqual(['default']);
    const { stdout } = await audit('search', '--event', 'caller_refused');
    expect(stdout).toContain('caller_refused');
  });

  it.each([{ args: ['--limit', '0'] }, { args: ['--limit', 'all'] }, { args: ['--limit', '10001'] }, { args: ['last'] }])(
    'is called wrongly with $args',
    async ({ args }) => expect(await audit(...args)).toMatchObject({ code: 2, stdout: '' }),
  );
});

describe('sidelight keys revoke', () => {
  it('ends the calls that are under way with the key', async () => {
    const enrolment = await create('--kind', 'enrolment', '--name', 'shops');
    const agent = await startAgent({ agentUrl: running.first.agentUrl, enrolKey: enrolment.secret });
    const { key, secret } = await create('--name', 'short-lived', '--scopes', 'runtime:read,runtime:capture');
    const caller = await connectCaller(running.first.mcpUrl, secret);
    const call = caller.call('take_snapshot', { ...onCheckout, condition: 'price < 0', waitSeconds: 50, timeoutSeconds: 60 });
    await until('it is placed', () => agent.probes.armed === 1 || undefined);
    await sidelight('keys', 'revoke', key.id, '--data', data);
    expect((await call).structured.error?.code).toBe('invalid_token');
    await until('the probe is gone', () => agent.probes.armed === 0 || undefined);
    await caller.close();
    await agent.stop();
  });
});

describe('sidelight audit, while no bridge runs', () => {
  beforeAll(() => running.stop());

  it('reads the data itself', async () => {
    expect(await records('--limit', '1')).toHaveLength(1);
    expect((await records('--limit', '100')).map(({ event }) => event)).toContain('key_revoked');
  });
});
