import { setTimeout as sleep } from 'node:timers/promises';
import { createRandom, type Random } from '../../agents-sim/random.ts';
import { connectCaller, onCheckout, type Structured } from '../flow/world.ts';
import { clients } from '../mcp/clients.ts';

/** How one call ended. `broken`: its connection broke. `late`: no answer by its deadline. */
export interface Ended {
  tool: string;
  outcome: 'answered' | 'broken' | 'late' | (string & {});
  /** What a refusal says to do next. */
  next?: string;
  from: number;
  ms: number;
  /** Whether an SDK sent it. */
  bySdk: boolean;
  /** What a broken call said. */
  why?: string;
  actionId?: string;
  error?: Structured['error'];
}

/** Callers that call without a pause until they are stopped. */
export interface Load {
  ended: Ended[];
  /** Actions whose handle somebody got. */
  actions: Set<string>;
  stop(): Promise<void>;
}

interface LoadOptions {
  mcpUrl: string;
  keys: string[];
  seed: number;
  callers: number;
  /** The longest wait a caller asks for, in seconds. */
  maxWaitSeconds?: number;
  /** What a call may take above the wait it asked for: agents have 5 s to answer, the database 15 s. */
  slackMs?: number;
}

/** Starts real clients of every era and plain requests, in turn; the seed says what each of them asks for. */
export function startLoad({ mcpUrl, keys, seed, callers, maxWaitSeconds = 3, slackMs = 20_000 }: LoadOptions): Load {
  const ended: Ended[] = [];
  const actions = new Set<string>();
  let isOver = false;

  async function turn(random: Random, ask: Ask, bySdk: boolean): Promise<void> {
    const { tool, args } = choose(random, [...actions], maxWaitSeconds);
    const from = performance.now();
    const note = (what: Omit<Ended, 'tool' | 'from' | 'ms' | 'bySdk'>) =>
      ended.push({ tool, from, ms: performance.now() - from, bySdk, ...what });
    const deadlineMs = Number(args.waitSeconds ?? 0) * 1_000 + slackMs;
    try {
      const { structured } = await ask(tool, args, deadlineMs);
      if (structured.error !== undefined)
        note({
          outcome: structured.error.code,
          error: structured.error,
          ...(structured.error.next === undefined ? {} : { next: structured.error.next }),
        });
      else {
        if (structured.actionId !== undefined) actions.add(structured.actionId);
        note({ outcome: 'answered', ...(structured.actionId === undefined ? {} : { actionId: structured.actionId }) });
      }
    } catch (error) {
      const why = wordsOf(error);
      const refused = refusalIn(why);
      if (refused !== undefined)
        note({ outcome: refused.code, error: refused, ...(refused.next === undefined ? {} : { next: refused.next }) });
      else note({ outcome: performance.now() - from >= deadlineMs ? 'late' : 'broken', why });
      await sleep(20);
    }
  }

  async function caller(index: number): Promise<void> {
    const random = createRandom(seed).fork(`caller ${index}`);
    const key = keys[index % keys.length] ?? '';
    while (!isOver) {
      // Each of them anew now and then, so that connections go round the bridges.
      const { ask, close } = await askerOf(index, mcpUrl, key).catch(async () => {
        await sleep(50);
        return { ask: undefined, close: async () => undefined };
      });
      for (let calls = 0; ask !== undefined && calls < 5 && !isOver; calls += 1) await turn(random, ask, index < sdks);
      await close().catch(() => undefined);
    }
  }

  const running = Promise.all(Array.from({ length: callers }, (_, index) => caller(index)));
  return {
    ended,
    actions,
    async stop() {
      isOver = true;
      await running;
    },
  };
}

type Ask = (tool: string, args: Record<string, unknown>, deadlineMs: number) => Promise<{ structured: Structured }>;

/** Callers that are SDKs. */
const sdks = 2;

/** Two SDKs, and plain requests: an SDK does not tell when the stream of its answer breaks, so its caller learns of it at the deadline. */
async function askerOf(index: number, mcpUrl: string, key: string): Promise<{ ask: Ask; close(): Promise<void> }> {
  const how = [clients[0], clients[3]][index];
  if (how === undefined) return { ask: plainly(mcpUrl, key), close: async () => undefined };
  const caller = await connectCaller(mcpUrl, key, how);
  return { ask: (tool, args, timeout) => caller.call(tool, args, { timeout }), close: caller.close };
}

/** What is refused before a tool runs is an error of JSON-RPC, which SDKs throw with the whole text in its message. */
function refusalIn(text: string): Structured['error'] {
  try {
    const { error } = JSON.parse(text.slice(text.indexOf('{')));
    return error?.data?.code === undefined ? undefined : { message: error.message, ...error.data };
  } catch {
    return undefined;
  }
}

function wordsOf(error: unknown): string {
  const { cause } = error as { cause?: unknown };
  return cause === undefined ? String(error) : `${String(error)}: ${String(cause)}`;
}

/** A `tools/call` as a plain request on a connection of its own. */
export function plainly(mcpUrl: string, key: string): Ask {
  return async (name, args, deadlineMs) => {
    const answer = await fetch(mcpUrl, {
      method: 'POST',
      headers: {
        ...{ Authorization: `Bearer ${key}`, 'Content-Type': 'application/json', Connection: 'close' },
        Accept: 'application/json, text/event-stream',
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: args } }),
      signal: AbortSignal.timeout(deadlineMs),
    });
    const text = await answer.text();
    const data = text.split('\n').findLast((line) => line.startsWith('data: {'));
    const said = JSON.parse(data?.slice('data: '.length) ?? text);
    if (said.result?.structuredContent === undefined) throw new Error(`${answer.status} ${text.slice(0, 2_000)}`);
    return { structured: said.result.structuredContent };
  };
}

function choose(random: Random, actions: string[], maxWaitSeconds: number): { tool: string; args: Record<string, unknown> } {
  const placing = { ...onCheckout, timeoutSeconds: random.integer(2, 8), waitSeconds: random.integer(0, maxWaitSeconds) };
  const known = actions[random.integer(0, Math.max(0, actions.length - 1))];
  const dice = random.integer(1, 10);
  if (dice <= 4) return { tool: 'take_snapshot', args: { ...placing, maxHits: random.integer(1, 6) } };
  if (dice <= 6) return { tool: 'add_log', args: { ...placing, template: 'order {order.id}', maxHits: random.integer(1, 9) } };
  if (dice <= 7) return { tool: 'count_hits', args: placing };
  if (known === undefined || dice === 8) return { tool: 'list_sources', args: {} };
  if (dice === 9) return { tool: 'wait_for_hits', args: { actionId: known, waitSeconds: random.integer(0, maxWaitSeconds) } };
  return { tool: 'cancel_actions', args: { actionIds: [known] } };
}

/** Calls that ended as none should: late, broken without a reason, failed inside a bridge, or refused without a next step. */
export function amiss(ended: Ended[], isExcused: (call: Ended) => boolean): Ended[] {
  return ended.filter((call) => {
    const { outcome, next } = call;
    if (outcome === 'answered') return false;
    if (outcome === 'broken' || outcome === 'late') return !isExcused(call);
    return outcome === 'internal_error' || next === undefined;
  });
}

/** How many calls ended how, how long they took, and what refusals said. */
export function figuresOf(ended: Ended[]): string {
  const outcomes: Record<string, number> = {};
  for (const { outcome } of ended) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  const times = ended.map(({ ms }) => ms).sort((a, b) => a - b);
  const at = (share: number) => Math.round(times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0);
  const said = new Set(ended.flatMap(({ error }) => (error === undefined ? [] : [error.message.slice(0, 100)])));
  const refusals = said.size === 0 ? '' : `; said ${JSON.stringify([...said].slice(0, 5))}`;
  return `${ended.length} calls ${JSON.stringify(outcomes)}, median ${at(0.5)} ms, longest ${at(1)} ms${refusals}`;
}
