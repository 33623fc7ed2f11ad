import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBridge, type TestBridge } from '../helpers/bridge.ts';
import { type Caller, connectCaller, policiesWith } from './world.ts';

const email = 'ada.lovelace@example.com';

let policies: Awaited<ReturnType<typeof policiesWith>>;
let bridge: TestBridge;
let key: string;

beforeAll(async () => {
  policies = await policiesWith({
    'redaction.yaml': { names: { customer: ['loyalty number'] }, sources: [{ pool: 'live', service: '*', profile: 'strict' }] },
    'groups.yaml': { everyone: { pools: ['default', 'test', 'live'], services: ['*'] } },
  });
  bridge = await startBridge({ policies: policies.directory });
  key = (await bridge.issue({ role: 'group_admin', scopes: ['runtime:admin'] })).secret;
}, 60_000);

afterAll(async () => {
  await bridge?.close();
  await policies?.remove();
});

async function preview(body: object, bearer = key) {
  const response = await fetch(new URL('/api/v1/redaction/preview', bridge.url), {
    method: 'POST',
    headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const told = (await response.json()) as {
    shown: string;
    hidden: Record<string, unknown>[];
    hiddenCount: number;
    detail?: string;
    code?: string;
  };
  return { status: response.status, ...told };
}

describe('a preview of redaction', () => {
  it('tells what is hidden, where and by what, without a tag or the value', async () => {
    const text = JSON.stringify({ user: { email, loyaltyNumber: 'LY 4471' }, note: `mail ${email}` });
    const { status, shown, hidden, hiddenCount } = await preview({ text });
    expect(status).toBe(200);
    expect(JSON.parse(shown)).toEqual({
      user: { email: '[REDACTED:email]', loyaltyNumber: '[REDACTED:customer]' },
      note: 'mail [REDACTED:email]',
    });
    expect(hidden).toEqual([
      { path: 'user.email', rule: 'email', by: 'name' },
      { path: 'user.loyaltyNumber', rule: 'customer', by: 'name' },
      { path: 'note', start: 5, rule: 'email', by: 'detector', detectors: ['email'] },
    ]);
    expect(hiddenCount).toBe(3);
  });

  it('judges by the name of the variable and by the source', async () => {
    expect((await preview({ text: '4471', name: 'pin' })).hidden).toEqual([{ path: 'pin', rule: 'pin', by: 'name' }]);
    const text = '{"zip":"10115"}';
    expect((await preview({ text, pool: 'test', service: 'shop' })).hidden).toEqual([]);
    expect((await preview({ text, pool: 'live', service: 'shop' })).hidden).toEqual([
      { path: 'zip', rule: 'postal-code', by: 'name' },
    ]);
    expect((await preview({ text })).hidden, 'without a source the strictest holds').toHaveLength(1);
    expect((await preview({ text, pool: 'other', service: 'shop' })).code).toBe('org_access_denied');
    expect(await preview({ text, pool: 'live' })).toMatchObject({ status: 400, code: 'invalid_input' });
  });

  it('tries a policy that is not in force, or says where it is wrong', async () => {
    const policy = "patterns: { order: { match: ['ORD-\\d{4}'] } }\nallow_list: { names: [note] }\n";
    expect((await preview({ text: '{"note":"ORD-1234","total":3}', policy })).hidden).toEqual([
      { path: 'note', rule: 'order', by: 'pattern' },
      { path: 'total', rule: 'not-listed', by: 'allow-list' },
    ]);
    expect((await preview({ text: 'ORD-1234' })).hidden).toEqual([]);
    const wrong = await preview({ text: 'x', policy: 'profile: debug\nprofil: strict' });
    expect(wrong).toMatchObject({ status: 400, code: 'invalid_input' });
    expect(wrong.detail).toContain('policy:2:1: profil: unknown key');
  });

  it('takes a moment whatever policy it is given', async () => {
    const startedAt = performance.now();
    const match = (rule: number) => Array.from({ length: 20 }, (_, at) => `'1|a.*${rule}X${at}z|a'`).join();
    const policy = `patterns:\n${Array.from({ length: 10 }, (_, rule) => ` own-${rule}: {match: [${match(rule)}]}\n`).join('')}`;
    for (const text of ['a'.repeat(16_384), JSON.stringify(Array(8_000).fill(1))]) {
      const { status, shown } = await preview({ text, policy });
      expect(status).toBe(200);
      expect(shown).not.toMatch(/a{9}|1,1/);
    }
    const keys = Array.from({ length: 2_000 }, (_, at) => `k${at}:`).join('\n');
    expect((await preview({ text: 'x', policy: keys })).detail).toContain('k0: unknown key');
    const large = Array.from(
      { length: 50 },
      (_, rule) =>
        ` own-${rule}: {match: [${Array(20)
          .fill("'[ab]{900}c'")
          .map((each, at) => each.replace('c', `c${at}`))
          .join()}]}`,
    );
    const tooLarge = await preview({ text: 'x', policy: `patterns:\n${large.slice(0, 40).join('\n')}` });
    expect(tooLarge.detail).toContain('more than 10000 instructions');
    expect(performance.now() - startedAt, 'a minute and more before').toBeLessThan(10_000);
    const refused = await preview({ text: 'x', policy: `# ${'x'.repeat(16_384)}` });
    expect(refused).toMatchObject({ status: 400, detail: expect.stringContaining('16384 characters') });
  }, 120_000);

  it('is for admins with the scope alone, charged and in the audit trail without the text', async () => {
    const developer = (await bridge.issue({ scopes: ['runtime:read', 'runtime:capture', 'runtime:admin'] })).secret;
    expect((await preview({ text: 'x' }, developer)).code).toBe('org_access_denied');
    const reader = (await bridge.issue({ role: 'group_admin' })).secret;
    expect((await preview({ text: 'x' }, reader)).code).toBe('insufficient_scope');
    expect((await preview({ text: 'x'.repeat(20_000) })).status).toBe(400);
    const told = await bridge.bridge.audit.recent('default', 50);
    const calls = told.filter(({ tool }) => tool === 'preview_redaction');
    expect(calls.map(({ decision }) => decision)).toContain('allowed');
    expect(JSON.stringify(calls)).not.toContain(email);
    expect(JSON.stringify(calls)).not.toContain('ORD-1234');
  });

  it('is listed for those who may call it, and for nobody else', async () => {
    const admin = (await bridge.issue({ role: 'company_admin', scopes: ['runtime:read', 'runtime:admin'] })).secret;
    const toolsOf = async (bearer: string) => {
      const caller: Caller = await connectCaller(bridge.mcpUrl, bearer);
      const { structured } = await caller.call('get_status');
      await caller.close();
      return (structured as unknown as { tools: string[] }).tools;
    };
    expect(await toolsOf(admin)).toContain('preview_redaction');
    expect(await toolsOf(bridge.fullKey)).not.toContain('preview_redaction');
  });
});
