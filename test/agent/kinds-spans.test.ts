import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { maxOpenSpans, SyncSpans } from '../../src/agent/kinds/spans.ts';
import { nodes } from './nodes.ts';
import { program } from './probe-program.ts';

const kinds = fileURLToPath(new URL('../../src/agent/kinds/', import.meta.url));
let folder: string;
let outfile: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sidelight-kinds-'));
  outfile = join(folder, 'kinds.mjs');
  const contents = ['spans', 'async-spans', 'stack-depth'].map((name) => `export * from './${name}.ts';`).join('\n');
  await build({
    stdin: { contents, resolveDir: kinds },
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
  });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Told {
  /** By scenario: milliseconds of each end in the order they came, or 'unknown'. */
  result: Record<string, (number | 'unknown')[]>;
  broken: number;
  marks: number;
  hasHooks: boolean;
}

describe.each(nodes())('durations at breakpoints on Node $major', ({ major, execPath }) => {
  let told: Told;
  beforeAll(async () => {
    const env = { ...process.env, KINDS_URL: pathToFileURL(outfile).href };
    const { stdout } = await promisify(execFile)(execPath, [program('spans.cjs')], { env });
    told = JSON.parse(stdout) as Told;
  });

  it.each<[string, string, (number | 'unknown')[]]>([
    ['each call has its own', 'syncPlain', [3, 5, 8]],
    ['calls inside each other have their own', 'syncNested', [100, 110, 111]],
    ['a call that throws leaves nothing to the next one, which passes the end only', 'syncThrows', ['unknown', 4]],
    ['an inner call that throws leaves nothing to the outer one', 'syncInnerThrows', [11]],
    ['an inner call that passes the end only takes nothing of the outer one', 'syncInnerSkips', ['unknown', 11]],
    ['an outer call that passes the end only takes nothing of the inner one', 'syncOuterSkips', [10, 'unknown']],
    ['where the stack is too deep none is told', 'syncDeep', [1, 'unknown']],
    ['activations that run at the same time have their own', 'asyncConcurrent', [1, 2, 3]],
    ['one that passes the end only takes nothing of another that waits', 'asyncLeaks', ['unknown', 2]],
    ['one that rejects leaves nothing to later ones', 'asyncThrows', ['unknown', 1]],
    ['the start may stand behind a wait', 'asyncWaitsFirst', [1, 2]],
    ['it ends once', 'asyncAgain', [1, 'unknown', 'unknown']],
    ['one that calls itself at once is not told, as nobody could say which it is', 'asyncRecursive', ['unknown', 1]],
    ['one that calls itself through others that wait has its own', 'asyncThroughOther', [1, 2]],
    ['none is told that began before the probe was away, or while it was', 'asyncMissed', [1, 'unknown', 'unknown']],
    ["the program's own storage is its own", 'asyncOwnContext', [1]],
  ])('%s', (_, scenario, times) => {
    expect(told.result[scenario]).toEqual(times);
  });

  it("leaves the program's contexts alone and no promise hooks behind", () => {
    expect(told.broken).toBe(0);
    expect(told.marks).toBe(0);
    expect(told.hasHooks).toBe(major < 24);
  });
});

describe('spans of one turn', () => {
  function make(): { spans: SyncSpans; at(depth: number | undefined): SyncSpans; endTurn(): void; turns: number } {
    let depth: number | undefined;
    const turns: (() => void)[] = [];
    const spans = new SyncSpans(
      () => depth,
      (run) => turns.push(run),
    );
    return {
      spans,
      at: (wanted) => {
        depth = wanted;
        return spans;
      },
      endTurn: () => {
        for (const run of turns.splice(0)) run();
      },
      get turns() {
        return turns.length;
      },
    };
  }

  it('that threw do not live longer than the turn, and one task a turn tidies up', () => {
    const world = make();
    for (let depth = 1; depth < 5; depth += 1) world.at(depth).start(() => 1);
    expect(world.turns).toBe(1);
    world.endTurn();
    for (let depth = 4; depth > 0; depth -= 1) expect(world.at(depth).end(9)).toBeUndefined();
    world.at(2).start(() => 10);
    expect(world.turns).toBe(1);
    expect(world.at(2).end(12)).toBe(2);
    expect(world.at(2).end(13)).toBeUndefined();
  });

  it('begin anew when a loop passes the start again', () => {
    const world = make();
    world.at(3).start(() => 1);
    world.at(3).start(() => 5);
    expect(world.at(3).end(7)).toBe(2);
    expect(world.at(3).end(8)).toBeUndefined();
  });

  it('have a ceiling, beyond which they are not measured', () => {
    const world = make();
    for (let depth = 1; depth <= maxOpenSpans + 5; depth += 1) world.at(depth).start(() => depth);
    let ended = 0;
    for (let depth = maxOpenSpans + 5; depth > 0; depth -= 1) {
      const ms = world.at(depth).end(2_000);
      if (ms !== undefined) ended += 1;
      expect(ms).toBe(depth > maxOpenSpans ? undefined : 2_000 - depth);
    }
    expect(ended).toBe(maxOpenSpans);
  });

  it('do not end after the probe was taken away', () => {
    const world = make();
    world.at(1).start(() => 1);
    world.spans.clear();
    expect(world.at(1).end(2)).toBeUndefined();
  });
});
