import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { policiesWith, quotasOf } from '../flow/world.ts';
import { startBridge, type TestBridge } from '../helpers/bridge.ts';
import { clients, type TestClient } from './clients.ts';
import { HostileAgent, hostileFile, lines } from './hostile-agent.ts';
import { acting, actingInData, fencePattern, live } from './injection-checks.ts';
import { canary, payloads } from './injection-payloads.ts';

const all = Object.values(payloads).flat();
let policies: Awaited<ReturnType<typeof policiesWith>>;
let bridge: TestBridge;
let client: TestClient;
const marks = new Set<string>();

beforeAll(async () => {
  policies = await policiesWith({ 'quotas.yaml': quotasOf({}) });
  bridge = await startBridge({ policies: policies.directory });
  client = await clients[0].connect(bridge.mcpUrl, bridge.fullKey, 'claude-code');
}, 60_000);

afterAll(async () => {
  await client?.close();
  await bridge?.close();
  await policies?.remove();
});

/** An answer taken apart; what every answer must hold is checked here. */
interface Read {
  structured: Record<string, unknown>;
  /** The text without what stands in the fence, and what differs from call to call. */
  own: string;
  fenced: string;
}

async function call(tool: string, args: Record<string, unknown>): Promise<Read> {
  const { content, structuredContent } = await client.call(tool, args);
  const [block, ...links] = content as { type: string; text?: string }[];
  const { structured, ...read } = taken(block?.text ?? '', structuredContent as Record<string, unknown>);
  expect(JSON.stringify(links)).not.toContain(canary);
  return { structured, ...read };
}

function taken(text: string, structured: Record<string, unknown>): Read {
  const [, , mark = '', fenced = ''] = fencePattern.exec(text) ?? [];
  if (mark !== '') {
    expect(marks.has(mark), 'a mark is new each time').toBe(false);
    marks.add(mark);
    expect(text.split(mark)).toHaveLength(4);
    expect(fenced).not.toMatch(live);
    expect(structured.error === undefined ? structured : (structured.error as { data: unknown }).data).toEqual(
      JSON.parse(fenced),
    );
  }
  expect(text).not.toMatch(acting);
  const own = text.replace(fenced, '').replaceAll(mark, '<mark>');
  expect(own).not.toContain(canary);
  expectVisible(structured);
  expectOwnWords(structured);
  return { structured, own: withoutIds(own), fenced };
}

/** Without handles, numbers that hang on time, and the two sentences that hang on size alone. */
function withoutIds(text: string): string {
  return text
    .replace(/^Summary of \d hits: \d+ paths vary, \d+ are the same in all of them\.\n/m, '')
    .replace(
      /^Note: The \d hits are larger than \d+ bytes: this is a summary\. [a-z_]+ reads values at a path, or hits whole\.\n/m,
      '',
    )
    .replace(/(act|req|inv)_[0-9A-Za-z]+/g, '<id>')
    .replace(/hostile-[0-9a-f]+/g, '<agent>')
    .replace(/\d+(?:\.\d+)? s\b/g, '<time>');
}

function expectVisible(value: unknown): void {
  expect([...textsIn(value)].filter((text) => actingInData.test(text))).toEqual([]); // once: there are thousands of texts
}

/** Every text and every name in it. */
function* textsIn(value: unknown): Iterable<string> {
  if (typeof value === 'string') yield value;
  if (typeof value !== 'object' || value === null) return;
  for (const [name, field] of Object.entries(value)) {
    yield name;
    yield* textsIn(field);
  }
}

/** Sentences that a reader takes for ours, in the data as well. */
function expectOwnWords({ notes = [], verdict = {}, next = {}, error = {}, statusReason = '' }: Record<string, unknown>): void {
  const { why } = next as { why?: string };
  const { message, field, next: step } = error as { message?: string; field?: string; next?: string };
  expect(JSON.stringify([notes, verdict, why, message, field, step, statusReason])).not.toContain(canary);
}

const failing = { file: hostileFile, line: lines.failing, condition: 'x' };

/**
 * What a model can ask about one agent, and what it is told beside the data. `isWhole` adds the other ways to read the same hits:
 * they show what one redaction and one renderer made.
 */
async function askEverything(text: string, isWhole: boolean): Promise<{ own: string[]; fenced: string[] }> {
  const agent = await HostileAgent.start(bridge, text);
  const source = { agentIds: [agent.id] };
  const on = (line: number) => ({ source, file: hostileFile, line, waitSeconds: 0 });
  const answers: Read[] = [];
  const ask = async (tool: string, args: Record<string, unknown>) => {
    const answer = await call(tool, args);
    answers.push(answer);
    return answer.structured as { actionId: string };
  };
  try {
    await ask('list_sources', { tag: agent.id });
    await ask('locate', { source, snippet: 'x' });
    const silent = await ask('take_snapshot', on(lines.silent)); // the agent has told of it when it is explained
    const expressions = ['value', 'other'];
    const hit = await ask('take_snapshot', { ...on(lines.hits), expressions, maxHits: 2, waitSeconds: 30 });
    await ask('take_snapshot', { source, ...failing });
    answers.push(await explained(silent.actionId));
    if (isWhole) {
      const other = await ask('take_snapshot', { ...on(lines.hits), waitSeconds: 30 });
      await ask('add_log', { ...on(lines.hits), template: 'said {value} and {other}', maxHits: 1, waitSeconds: 30 });
      for (const view of ['summary', 'raw']) await ask('get_hits', { actionId: hit.actionId, view });
      await ask('get_hits', { actionId: hit.actionId, path: 'value0' });
      await ask('compare_hits', { a: { actionIds: [hit.actionId] }, b: { actionIds: [other.actionId] } });
      await ask('take_snapshot', { source: { ...source, service: 'nowhere' }, file: hostileFile, line: 1 });
      await ask('wait_for_hits', { actionId: silent.actionId, waitSeconds: 0 });
      await ask('list_actions', { limit: 5 });
      await readResources(hit.actionId);
    }
    await ask('cancel_actions', { actionIds: [silent.actionId] });
  } finally {
    await agent.stop();
  }
  return { own: answers.map(({ own }) => own), fenced: answers.map(({ fenced }) => fenced) };
}

/** What the agent says of an action it armed may come a moment after the action is placed. */
async function explained(actionId: string): Promise<Read> {
  for (let tries = 0; tries < 100; tries += 1) {
    const answer = await call('explain', { actionId });
    if (answer.fenced.includes('Condition failed: 2')) return answer;
    await delay(50);
  }
  throw new Error('The agent was not heard.');
}

async function readResources(actionId: string): Promise<void> {
  const { resources } = await client.resources();
  expect(JSON.stringify(resources)).not.toContain(canary);
  const uri = `sidelight://actions/${actionId}`;
  for (const [content] of [await client.read(uri), await client.read(`${uri}/hits/1`)]) {
    expect(content?.text).not.toMatch(acting);
    expect(content?.text).not.toMatch(/\n/);
    expect(content?.text).not.toMatch(live);
    const data = JSON.parse(content?.text ?? '') as Record<string, unknown>;
    expect(data.warning).toMatch(/untrusted/);
    expectVisible(data);
    expectOwnWords(data);
  }
}

it('has a corpus of sixty payloads and more, each of which can be found again', () => {
  expect(all.length).toBeGreaterThanOrEqual(60);
  expect(new Set(all).size).toBe(all.length);
  for (const text of all) expect(text).toContain(canary);
});

describe('words of a program, wherever it says them', () => {
  const harmless: Record<string, Awaited<ReturnType<typeof askEverything>>> = {};
  beforeAll(async () => {
    for (const isWhole of [true, false]) harmless[String(isWhole)] = await askEverything(`harmless words ${isWhole}`, isWhole);
  }, 60_000);

  it.each(Object.keys(payloads))('%s change nothing of what is said in our own name', { timeout: 120_000 }, async (kind) => {
    for (const [index, text] of (payloads[kind] ?? []).entries()) {
      const isWhole = index < 2;
      const { own, fenced } = await askEverything(text, isWhole);
      expect(own, text).toEqual(harmless[String(isWhole)]?.own);
      const shown = fenced.filter((data) => data.includes(canary)).length;
      expect(shown, `answers that show ${JSON.stringify(text.slice(0, 80))}`).toBeGreaterThanOrEqual(4);
    }
  });
});
