import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { Engine } from '../../src/protocol/frames.ts';
import { buildAgent } from './built-agent.ts';
import { type FakeBridge, type FakeConnection, framesOf, snapshot, startFakeBridge } from './fake-bridge.ts';
import { nodes } from './nodes.ts';
import { marked } from './probe-program.ts';
import { program, type RunningProgram, runProgram } from './run-program.ts';
import { until } from './until.ts';

// The agent beside other things that look into a program, and in programs with little room.

const file = program('works.cjs');
const here = { file: 'works.cjs', line: marked(file) };

let agent: string;
const started: RunningProgram[] = [];
let folder: string;

beforeAll(async () => {
  agent = await buildAgent();
  folder = await mkdtemp(join(tmpdir(), 'sidelight-beside-'));
});
afterAll(async () => {
  for (const directory of [agent, folder]) await rm(directory, { recursive: true, force: true });
});

/** Whoever did not end. */
afterEach(() => {
  for (const { child } of started.splice(0)) child.kill('SIGKILL');
});

interface Outcome {
  stdout: string;
  stderr: string;
  ended: { code: number | null; signal: NodeJS.Signals | null };
}

/** A CDP client as an editor is one: it stops at a line and goes on. */
class OtherDebugger {
  readonly paused: { hitBreakpoints: string[]; value: unknown }[] = [];
  readonly #socket: WebSocket;
  readonly #answers = new Map<number, (result: never) => void>();
  #lastId = 0;

  constructor(url: string) {
    this.#socket = new WebSocket(url);
    this.#socket.on('error', () => undefined);
    this.#socket.on('message', (data) => {
      const { id, result, method, params } = JSON.parse(String(data));
      if (id !== undefined) this.#answers.get(id)?.(result as never);
      if (method === 'Debugger.paused') void this.#stopped(params);
    });
  }

  post<Result>(method: string, params: object = {}): Promise<Result> {
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve) => {
      this.#answers.set(id, resolve as (result: never) => void);
      this.#socket.send(JSON.stringify({ id, method, params }));
    });
  }

  async open(lineNumber: number): Promise<void> {
    await new Promise((resolve) => this.#socket.once('open', resolve));
    await this.post('Debugger.enable');
    await this.post('Debugger.setBreakpointByUrl', { lineNumber, urlRegex: 'works\\.cjs$', condition: 'step % 500 === 0' });
  }

  async #stopped({
    callFrames,
    hitBreakpoints,
  }: {
    callFrames: { callFrameId: string }[];
    hitBreakpoints: string[];
  }): Promise<void> {
    const callFrameId = callFrames[0]?.callFrameId;
    const { result } = await this.post<{ result: { value: unknown } }>('Debugger.evaluateOnCallFrame', {
      ...{ callFrameId, expression: 'square' },
    });
    this.paused.push({ hitBreakpoints, value: result.value });
    await this.post('Debugger.resume');
  }

  close(): void {
    this.#socket.close();
  }
}

describe.each(nodes())('Node $major', ({ major, execPath: node }) => {
  const engines: Engine[] = major === 24 ? ['breakpoint'] : ['breakpoint', 'live-edit'];

  /** Runs the program to its end, with the agent and a probe when an engine is named. */
  async function run(
    engine: Engine | undefined,
    args: string[],
    before: string,
    environment: Record<string, string> = {},
    beside?: (running: RunningProgram) => Promise<void>,
  ): Promise<Outcome & { connection?: FakeConnection }> {
    let bridge: FakeBridge | undefined;
    const own: string[] = [];
    const settings = { ...environment };
    if (engine !== undefined) {
      const actions = [{ ...snapshot('act_hits', here, { hits: 3 }), condition: 'step >= 0' }];
      bridge = await startFakeBridge({ welcome: { actions } });
      own.push('--import', pathToFileURL(join(agent, 'register.js')).href);
      Object.assign(settings, { SIDELIGHT_URL: bridge.url, SIDELIGHT_KEY: 'sle_test', SIDELIGHT_ENGINES: engine });
    }
    const running = runProgram(node, [...args, ...own, file, before], settings);
    started.push(running);
    try {
      await running.said('ready');
      await beside?.(running);
      const connection = await bridge?.connection(0);
      if (connection !== undefined) await until(() => framesOf(connection, 'state').length > 0, 'the probe');
      running.tell('go');
      const ended = await running.ended;
      const stderr = running
        .stderr()
        .replace(/^(?:Debugger (?:listening|attached|ending)|For help, see|Waiting for the debugger).*\n/gm, '');
      return { stdout: running.stdout(), stderr, ended, ...(connection === undefined ? {} : { connection }) };
    } finally {
      running.child.kill('SIGKILL');
      await bridge?.kill();
    }
  }

  const same = ({ stdout, stderr, ended }: Outcome): Outcome => ({ stdout, stderr, ended });

  describe.each(engines)('observed by %s', (engine) => {
    test('a program under a debugger stops where that wants it, with its values, and nowhere else', async () => {
      const stops = async (by: Engine | undefined): Promise<unknown> => {
        let other: OtherDebugger | undefined;
        const outcome = await run(by, ['--inspect=127.0.0.1:0'], 'nothing', {}, async (running) => {
          const [, url = ''] = (await until(() => /listening on (ws:\S+)/.exec(running.stderr()), 'the port')) ?? [];
          other = new OtherDebugger(url);
          await other.open(here.line - 1);
          // Else Node waits for it at the end.
          void running.said('worked').then(() => other?.close());
        });
        const { connection } = outcome;
        if (connection !== undefined && by === 'breakpoint')
          expect(framesOf(connection, 'hit').map(({ capture }) => capture.stack[0]?.function)).toEqual(['work', 'work', 'work']);
        // It would take the other's breakpoints away.
        if (connection !== undefined && by === 'live-edit')
          expect(framesOf(connection, 'state')).toMatchObject([
            { state: 'failed', message: expect.stringContaining('debugger') },
          ]);
        return { ...same(outcome), values: other?.paused.map(({ value }) => value) };
      };
      expect(await stops(engine)).toEqual(await stops(undefined));
    });

    test.each([
      // Live edit takes the breakpoints of a program's own debugger away, which nobody can see before; docs/agent.md tells.
      ...(engine === 'breakpoint' ? [['a debugger of its own', [], 'debugs', 3] as const] : []),
      ['no way to change the language or the global object', [], 'freezes', 0] as const,
      ['little memory left', ['--max-old-space-size=48'], 'fills', engine === 'breakpoint' ? 1 : 0] as const,
      ['source maps', ['--enable-source-maps'], 'nothing', 3] as const,
    ])('a program with %s works as ever', async (_name, args, before, hits) => {
      const plain = await run(undefined, [...args], before);
      const watched = await run(engine, [...args], before);
      expect(same(watched)).toEqual(same(plain));
      expect(plain.stdout).toContain('worked');
      const { connection } = watched;
      expect(connection && framesOf(connection, 'hit').length).toBeGreaterThanOrEqual(hits);
    });

    test('coverage and profiles of the program are written', async () => {
      const counts = async (by: Engine | undefined): Promise<unknown> => {
        const place = join(folder, `${major}-${engine}-${by ?? 'plain'}`);
        const outcome = await run(by, ['--cpu-prof', `--cpu-prof-dir=${place}`], 'nothing', { NODE_V8_COVERAGE: place });
        const names = await readdir(place);
        const profile = JSON.parse(await readFile(join(place, names.find((name) => name.endsWith('.cpuprofile')) ?? ''), 'utf8'));
        const coverage = JSON.parse(await readFile(join(place, names.find((name) => name.startsWith('coverage')) ?? ''), 'utf8'));
        const script = coverage.result.findLast(({ url }: { url: string }) => url.endsWith('works.cjs'));
        const [work] = script.functions.filter(({ functionName }: { functionName: string }) => functionName === 'work');
        return {
          ...same(outcome),
          files: names.length,
          isProfile: profile.nodes.length > 0,
          isCovered: work.ranges[0].count > 0,
        };
      };
      expect(await counts(engine)).toEqual(await counts(undefined));
    });
  });
});
