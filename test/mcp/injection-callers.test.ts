import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { policiesWith, quotasOf } from '../flow/world.ts';
import { startBridge, type TestBridge } from '../helpers/bridge.ts';
import { clients, type TestClient } from './clients.ts';
import { acting, fencePattern, liveInSentence } from './injection-checks.ts';
import { canary, payloads } from './injection-payloads.ts';

const all = Object.values(payloads).flat();

let policies: Awaited<ReturnType<typeof policiesWith>>;
let bridge: TestBridge;
let client: TestClient;

beforeAll(async () => {
  policies = await policiesWith({ 'quotas.yaml': quotasOf({}) });
  bridge = await startBridge({ policies: policies.directory });
  client = await clients[0].connect(bridge.mcpUrl, bridge.fullKey);
}, 60_000);

afterAll(async () => {
  await client?.close();
  await bridge?.close();
  await policies?.remove();
});

/** How a line of ours may begin, outside the fence. */
const ownLine = /^(?:$|[a-z_]+: |Status |Note: |Request req_|MCP error -\d+: |\d\. | {3}|Find out )/;

describe('words that a caller was talked into repeating', () => {
  const repeated: [what: string, says: RegExp, ask: (text: string) => Promise<string>][] = [
    [
      'a service',
      /No connected agent is service "/,
      (text) => textOf('take_snapshot', { ...here, source: { service: text.slice(0, 200) } }),
    ],
    ['a tool', /There is no tool "/, (text) => textOf(text.slice(0, 60), {})],
    ['an argument', /had no effect: "/, (text) => textOf('get_status', { [text.slice(0, 60)]: 1 })],
    [
      'a condition',
      /invalid_expression|condition is not valid|No connected/,
      (text) => textOf('take_snapshot', { ...here, condition: text }),
    ],
    [
      'a template',
      /invalid_expression|template is not valid|No connected/,
      (text) => textOf('add_log', { ...here, template: `{${text}` }),
    ],
    ['an investigation', /investigation|No connected/, (text) => textOf('take_snapshot', { ...here, investigation: text })],
    ['a cursor', /cursor/, (text) => textOf('list_actions', { cursor: text.slice(0, 100) })],
    ['a handle', /actionId is not valid/, (text) => textOf('wait_for_hits', { actionId: text })],
    ['a path', /path|There is no action/, (text) => textOf('get_hits', { actionId: `act_${'0'.repeat(22)}`, path: text })],
    [
      'a condition on hits',
      /There is no action|where/,
      (text) => textOf('compare_hits', { a: { ...nowhere, where: text }, b: nowhere }),
    ],
    [
      'a prompt',
      /What is known follows|8000 are taken/,
      (text) => client.prompt('debug_exception', { error: text }).catch(messageOf),
    ],
    ['the name of a prompt', /There is no prompt "/, (text) => client.prompt(text, {}).catch(messageOf)],
    [
      'an argument of a prompt',
      /has no argument "/,
      (text) => client.prompt('debug_exception', { error: 'x', [text]: 'x' }).catch(messageOf),
    ],
    ['a URI', /There is no such resource/, (text) => client.read(text).then(() => '', messageOf)],
  ];
  const here = { file: 'a.js', line: 1, source: { service: 'nowhere' } };
  const nowhere = { actionIds: [`act_${'0'.repeat(22)}`] };
  const messageOf = (error: Error) => error.message;

  async function textOf(tool: string, args: Record<string, unknown>): Promise<string> {
    const { content } = await client.call(tool, args);
    const [block] = content as { text: string }[];
    return block?.text ?? '';
  }

  it.each(repeated)('as %s stay in their quotes, and do not act', async (_, says, ask) => {
    for (const [payload, text] of await Promise.all(all.map(async (payload) => [payload, await ask(payload)] as const))) {
      expect(text, payload).toMatch(says);
      expect(text, payload).not.toMatch(acting);
      const own = text.replace(fencePattern, '');
      expect(own, payload).not.toMatch(liveInSentence);
      // Without what stands in quotes our sentences are the same, whatever was given.
      expect(own.replace(/"(?:[^"\\]|\\.)*"|`[^`]*`/g, ''), payload).not.toContain(canary);
      for (const line of own.split('\n')) expect(line, payload).toMatch(ownLine);
    }
  });
});
