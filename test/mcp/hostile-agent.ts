import { createHash } from 'node:crypto';
import { WebSocket } from 'ws';
import { isPrintable } from '../../src/protocol/check.ts';
import type { Action, BridgeFrame, CaptureData, Hello, Located, StateFrame } from '../../src/protocol/frames.ts';
import { actionKinds, subprotocol } from '../../src/protocol/frames.ts';
import { limits } from '../../src/protocol/limits.ts';
import type { Value } from '../../src/protocol/value.ts';

/** Lines of its one file, each of which it answers in its own way. */
export const lines = { hits: 1, silent: 2, failing: 3, numbers: 4 } as const;
export const hostileFile = 'src/app.js';

/** An agent that speaks the protocol as it should, and says one text wherever the protocol has room for words of a program. */
export class HostileAgent {
  readonly id: string;
  readonly #text: string;
  readonly #socket: WebSocket;
  #n = 0;

  private constructor(text: string, socket: WebSocket) {
    this.id = `hostile-${createHash('sha256').update(text).digest('hex').slice(0, 16)}`;
    this.#text = text;
    this.#socket = socket;
  }

  static async start({ agentUrl, enrolKey }: { agentUrl: string; enrolKey: string }, text: string): Promise<HostileAgent> {
    const socket = new WebSocket(agentUrl, subprotocol, { headers: { authorization: `Bearer ${enrolKey}` } });
    const agent = new HostileAgent(text, socket);
    await new Promise<void>((resolve, reject) => {
      socket.on('open', () => socket.send(JSON.stringify(agent.#hello())));
      socket.on('error', reject);
      socket.on('close', () => reject(new Error('The bridge closed the connection.')));
      socket.on('message', (data) => {
        const frame = JSON.parse(String(data)) as BridgeFrame;
        if (frame.t === 'welcome') resolve();
        if (frame.t === 'error') reject(new Error(frame.message));
        agent.#hear(frame);
      });
    });
    return agent;
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#socket.once('close', resolve));
    this.#socket.close(1000);
    await closed;
  }

  /** Names of programs that cannot be seen are refused with the hello; those are told in other places only. */
  #name(max: number): string {
    const name = this.#text.slice(0, max);
    return isPrintable(name) ? name : 'plain';
  }

  #hello(): Hello {
    const name = this.#name(limits.maxNameChars);
    return {
      ...{ t: 'hello', v: 1, service: name, version: name, commit: name, environment: name, host: name, pid: 1, pod: name },
      agent: { id: this.id, name, version: this.#name(80), mode: 'sim' },
      runtime: { language: this.#name(40), name: this.#name(80), version: this.#name(80) },
      tags: [this.#name(100), this.id],
      startedAt: 0,
      now: Date.now(),
      capabilities: {
        ...{ kinds: [...actionKinds], where: ['line'], locate: true, conditions: true, expressions: true, pending: true },
        ...{ sourceMaps: false, stops: 'none', maxActions: limits.maxActionsPerAgent },
      },
    };
  }

  #hear(frame: BridgeFrame): void {
    if (frame.t === 'locate') this.#send(this.#located(frame.q));
    if (frame.t === 'remove') this.#state({ id: frame.id, rev: 0 }, { state: 'removed', hits: 0 });
    if (frame.t === 'arm') this.#arm(frame.action);
  }

  #arm(action: Action): void {
    const text = this.#text;
    const words = { message: text, lastError: text };
    const passes = { seen: 3, armedMs: 1_000, awayMs: 900, spentMicros: 1, maxPauseMicros: 1, armMicros: 1, trips: 1 };
    if (action.where.line === lines.failing) {
      const problem = { part: 'condition' as const, name: text, nearest: [text], names: [text], deployed: [text], lines: [7] };
      this.#state(action, { state: 'failed', hits: 0, code: 'bad-expression', ...words, problem });
      return;
    }
    const told = { engine: { name: 'breakpoint' as const, why: text }, passes, ...words, at: [this.#place(action.where.line)] };
    const skipped = { condition: 1, error: 2, budget: 3, queue: 4 };
    this.#state(action, { state: 'armed', hits: 0, ...told, skipped });
    if (action.where.line !== lines.hits) return;
    for (let hit = 1; hit <= action.limits.hits; hit += 1) {
      this.#send({
        t: 'hit',
        id: action.id,
        rev: action.rev,
        hit,
        ts: Date.now(),
        capture: this.#capture(action),
        n: this.#next(),
      });
    }
  }

  #place(line: number) {
    return { file: `${this.#text}/${hostileFile}`, line, function: this.#text, text: this.#text };
  }

  #located(q: string): Located {
    const text = this.#text;
    const place = { ...this.#place(1), before: [text], after: [text], score: 1 };
    return { t: 'located', q, isComplete: true, places: [place], code: 'internal', message: text };
  }

  #capture({ expressions }: Action): CaptureData {
    const text = this.#text.slice(0, limits.maxNameChars);
    const values: Value[] = [
      text,
      { $: 'object', className: text, fields: [[text, text]] },
      { $: 'map', className: text, size: 1, entries: [[text, text]] },
      { $: 'error', className: text, message: text, stack: `${text}\n    at ${text} (${text}:1:1)`, fields: [[text, text]] },
      { $: 'array', className: text, length: 1, elements: [text] },
      ...(['symbol', 'regexp', 'bigint', 'number'] as const).map(($) => ({ $, text })),
      { $: 'string', text, length: 9_999 },
      { $: 'function', name: text },
      { $: 'date', iso: text },
      { $: 'reference', path: text },
      { $: 'redacted', rule: text, marker: text },
      { $: 'cut', why: 'depth', className: text },
    ];
    return {
      ...{ at: this.#place(1), pauseMicros: 1, cut: [], redacted: {}, this: text },
      stack: [{ function: text, file: text, line: 1 }],
      scopes: [
        { kind: 'local', variables: [[text, text], ...values.map((value, index): [string, Value] => [`value${index}`, value])] },
      ],
      expressions: expressions.map((expression, index) =>
        index === 0 ? { expression, value: text } : { expression, error: text },
      ),
    };
  }

  #state({ id, rev }: Pick<Action, 'id' | 'rev'>, state: Omit<StateFrame, 't' | 'n' | 'id' | 'rev'>): void {
    this.#send({ t: 'state', id, rev, n: this.#next(), ...state });
  }

  #next(): number {
    this.#n += 1;
    return this.#n;
  }

  #send(frame: object): void {
    this.#socket.send(JSON.stringify(frame));
  }
}
