import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startBridge, type TestBridge } from '../helpers/bridge.ts';
import { connected, markedLine, type Program, startProgram, until } from '../helpers/program.ts';
import { type Caller, connectCaller, policiesWith } from './world.ts';

const file = fileURLToPath(new URL('programs/customers.mjs', import.meta.url));
const number = 'LY 4471 north';

let policies: Awaited<ReturnType<typeof policiesWith>>;
let bridge: TestBridge;
let program: Program;
let caller: Caller;

beforeAll(async () => {
  policies = await policiesWith({});
  bridge = await startBridge({ policies: policies.directory });
  program = startProgram({ file, service: 'customers', url: bridge.agentUrl, key: bridge.enrolKey });
  await connected(bridge, 'customers');
  caller = await connectCaller(bridge.mcpUrl, bridge.fullKey);
}, 60_000);

afterAll(async () => {
  await caller?.close();
  await program?.stop();
  await bridge?.close();
  await policies?.remove();
});

/** As editors do it: another file takes the place of the old one. */
async function change(name: string, text: string): Promise<void> {
  const path = join(policies.directory, name);
  await writeFile(`${path}.new`, text);
  await rename(`${path}.new`, path);
}

async function snapshot(maxHits = 1) {
  return caller.call('take_snapshot', {
    ...{ source: { service: 'customers' }, file, line: markedLine(file, '// <- customer'), expressions: ['customer.id'] },
    ...{ maxHits, timeoutSeconds: 60, waitSeconds: 20 },
  });
}

it('hides by a changed file within seconds, in the running agent and in older hits, and not by a broken one', async () => {
  const shipped = await readFile(join(policies.directory, 'redaction.yaml'), 'utf8');
  const rules = shipped.replace(/^names: \{\}$/m, 'names: { customer: [loyalty number] }');
  const broken = shipped.replace(/^profile: debug$/m, 'profile: off');
  expect(rules).not.toBe(shipped);
  expect(broken).not.toBe(shipped);
  const agentId = await connected(bridge, 'customers');
  const before = await snapshot();
  expect(JSON.stringify(before.structured.hits)).toContain(number);
  const hash = bridge.policies.status().hash;

  await change('redaction.yaml', rules);
  await until('the file is in force', () => bridge.policies.status().hash !== hash || undefined);

  // A hit the agent hid has a marker without a tag: the value never came out of the program.
  const hidden = await until('the agent hides it', async () => {
    const { hits } = (await snapshot()).structured;
    expect(JSON.stringify(hits)).not.toContain(number);
    return JSON.stringify(hits).includes('[REDACTED:customer]') ? hits : undefined;
  });
  expect(JSON.stringify(hidden)).toContain('C-101');
  expect(hidden[0]?.agentId).toBe(agentId);
  expect(program.child.exitCode).toBeNull();
  const again = await caller.call('get_hits', { actionId: before.structured.actionId, hit: 1 });
  expect(again.isError, again.text).toBe(false);
  expect(again.text).not.toContain(number);
  expect(again.text).toMatch(/\[REDACTED:customer#[0-9a-f]{6}\]/);

  const inForce = bridge.policies.status().hash;
  await change('redaction.yaml', broken);
  const { refused } = await until('the mistake is told', () => {
    const status = bridge.policies.status();
    return status.refused === undefined ? undefined : status;
  });
  expect(refused?.message).toMatch(/redaction\.yaml:\d+:\d+: profile: /);
  expect(bridge.policies.status().hash).toBe(inForce);
  expect(JSON.stringify((await snapshot()).structured.hits)).toContain('[REDACTED:customer]');
  const { checks } = (await caller.call('get_status')).structured as unknown as { checks: Record<string, boolean> };
  expect(checks).toEqual({ database: true, schema: true, lease: true, clock: true, policies: false });
  const ready = await fetch(new URL('/readyz', bridge.url));
  expect(ready.status, 'broken files take no bridge out of service').toBe(200);

  const told = (await bridge.bridge.audit.recent('-', 20)).filter(({ event }) => event.startsWith('policy_'));
  expect(told.map(({ event, decision, policyHash }) => ({ event, decision, policyHash }))).toEqual([
    { event: 'policy_refused', decision: 'refused', policyHash: inForce },
    { event: 'policy_loaded', decision: 'allowed', policyHash: inForce },
    { event: 'policy_loaded', decision: 'allowed', policyHash: hash },
  ]);

  await change('redaction.yaml', shipped);
  await until('the first rules hold again', () => bridge.policies.status().hash === hash || undefined);
  expect(bridge.policies.status().refused).toBeUndefined();
  // The agent is told behind that.
  await until(
    'the agent shows it again',
    async () => JSON.stringify((await snapshot()).structured.hits).includes(number) || undefined,
  );
}, 90_000);

it('hides in later hits of an action that was placed before the change', async () => {
  const shipped = await readFile(join(policies.directory, 'redaction.yaml'), 'utf8');
  const placed = await caller.call('take_snapshot', {
    ...{ source: { service: 'customers' }, file, line: markedLine(file, '// <- customer') },
    ...{ condition: 'customer.visits % 25 === 0', maxHits: 50, timeoutSeconds: 60, waitSeconds: 0 },
  });
  const { actionId } = placed.structured;
  const latest = async () => {
    const { hitCount } = (await caller.call('wait_for_hits', { actionId, waitSeconds: 0 })).structured;
    return hitCount === 0 ? undefined : (await caller.call('get_hits', { actionId, hit: hitCount })).text;
  };
  expect(await until('the first hit', latest)).toContain(number);
  await change('redaction.yaml', shipped.replace(/^names: \{\}$/m, 'names: { customer: [loyalty number] }'));
  await until(
    'a later hit of the same action is hidden in the agent',
    async () => (await latest())?.includes('[REDACTED:customer]') || undefined,
  );
  expect((await caller.call('get_hits', { actionId, hit: 1 })).text).not.toContain(number);
}, 60_000);
