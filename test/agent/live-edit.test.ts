import { fork } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isSeenExactly } from '../../src/agent/probes/live-edit-diff.ts';
import { vetoOfScript } from '../../src/agent/source/edit-veto.ts';
import { nodes } from './nodes.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const programs = join(root, 'test/agent/programs');
const shapes = ['cjs', 'mjs'].map((type) => join(programs, `live-edit-shapes.${type}`));
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sidelight-live-edit-'));
  const contents = `
    export { LiveEdit } from './probes/live-edit.ts';
    export { DebuggerSession } from './probes/session.ts';
    export { defineCell } from './probes/cells.ts';
    export { analyse } from './source/statements.ts';
    export { passEdits } from './source/inserted.ts';`;
  const stdin = { contents, resolveDir: join(root, 'src/agent') };
  const outfile = join(folder, 'live-edit.mjs');
  await build({ stdin, outfile, bundle: true, platform: 'node', format: 'esm', target: 'node20' });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Plays a scenario of the host; rejects when the process crashes. */
async function play<Found>(execPath: string, scenario: string, ...rest: string[]): Promise<Found> {
  const env = {
    ...process.env,
    LIVE_EDIT_URL: pathToFileURL(join(folder, 'live-edit.mjs')).href,
    LIVE_EDIT_ROOT: join(root, 'package.json'),
  };
  const child = fork(join(programs, 'live-edit-host.mjs'), [scenario, ...rest], {
    execPath,
    execArgv: ['--expose-gc'],
    env,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let said = '';
  child.stderr?.on('data', (chunk) => (said += String(chunk)));
  return new Promise((resolve, reject) => {
    child.on('message', (found) => resolve(found as Found));
    child.on('exit', (code, signal) => reject(new Error(`${scenario} ended with ${code ?? signal}: ${said}`)));
  });
}

interface Refusal {
  ok: boolean;
  why?: string;
  isTemporary?: boolean;
}

it('scripts that V8 would break are left alone, and it is said why', async () => {
  expect(vetoOfScript(await readFile(join(programs, 'live-edit-fields.cjs'), 'utf8'))).toContain('classes with fields');
  expect(vetoOfScript('exports.run = (text) => eval(text);')).toContain('eval');
  expect(vetoOfScript('class Plain { run() {} }\nlet next;\n')).toBeUndefined();
});

describe.each(nodes().filter(({ major }) => major < 24))(
  'live edit on Node $major',
  { timeout: 120_000 },
  ({ major, execPath }) => {
    // One kind of module on each: every place of it is edited and restored.
    it.each(shapes.filter((file) => file.endsWith(major === 20 ? '.cjs' : '.mjs')))(
      'changes functions that exist already, and the program does the same: %s',
      async (file) => {
        const found = await play<Record<string, unknown>>(execPath, 'shapes', file);
        expect(found.problems).toEqual([]);
        expect(found.isRestored).toBe(true);
        const refused = (found.refused as string[]).filter(
          (text) => !/cannot change the top level|code around it\. (?:class|\(\()/.test(text),
        );
        expect(refused).toEqual([]);
        // The others ran once, at loading, or not at all.
        expect(found.hit).toBeGreaterThan(45);
      },
    );

    it('puts several calls into one script, comes and goes with each', async () => {
      const found = await play<{ places: number; found: [boolean, boolean, number][]; restored: boolean; isRestored: boolean }>(
        execPath,
        'several',
        shapes[0] as string,
      );
      expect(found.places).toBeGreaterThan(3);
      expect(found.found.every(([ok, isSame]) => ok && isSame)).toBe(true);
      const hits = found.found.map(([, , count]) => count);
      expect(hits.every((count, index) => index === 0 || count > (hits[index - 1] as number))).toBe(true);
      expect([hits[0], found.restored, found.isRestored]).toEqual([0, true, true]);
    });

    it('waits for an async generator that is under way', async () => {
      const found = await play<{ blocked: Refusal; untouched: boolean; applied: boolean; hits: number; restored: boolean }>(
        execPath,
        'suspended',
        shapes[0] as string,
      );
      expect(found.blocked).toEqual({ ok: false, why: expect.stringContaining('under way'), isTemporary: true });
      expect(found).toMatchObject({ untouched: true, applied: true, hits: 2, restored: true });
    });

    it('refuses text that does not compile, and changes nothing', async () => {
      const found = await play<{ noSyntax: Refusal; isSame: boolean }>(execPath, 'refused', shapes[0] as string);
      expect(found.noSyntax).toEqual({ ok: false, why: 'The changed script does not compile.', isTemporary: false });
    });

    it('foresees how long it takes, and learns from what it took', async () => {
      const { before, after, tookMs } = await play<{ before: number; after: number; tookMs: number }>(
        execPath,
        'predicts',
        shapes[0] as string,
      );
      expect(before).toBeGreaterThan(15);
      expect(Math.abs(after - tookMs)).toBeLessThan(tookMs * 0.5);
    });

    const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
    /** Changes of each package. */
    const cases = Number(process.env.SIDELIGHT_FUZZ_CASES ?? 10);
    it.each(['yaml', 'qs', 'ajv'])(`leaves %s as it is whatever is changed in it (SEED=${seed})`, async (name) => {
      const found = await play<{ problems: string[]; applied: number; stale: number }>(
        execPath,
        'fuzz',
        name,
        String(seed),
        String(cases),
      );
      expect(found).toMatchObject({ problems: [], stale: 0 });
      expect(found.applied).toBeGreaterThan(cases / 4);
    });
  },
);

it('knows where V8 would take inserted code for the code around it', () => {
  const text = 'if(CELL)try{CELL(113,1)}catch{CELL(113)}';
  const seen = (original: string): boolean => {
    const all = [{ at: original.indexOf('super'), text }];
    return isSeenExactly(original, [], all) && isSeenExactly(original, all, []);
  };
  // V8 left this constructor as it was (Node 20, 22 and 24): it saw the parentheses inside of what was inserted.
  expect(seen('class G extends F{constructor(){super();this.z=1}}\n')).toBe(false);
  expect(seen('class G extends F {\n  constructor() {\n    super();\n  }\n}\n')).toBe(true);
});

describe.each(nodes())('cells on Node $major', ({ major, execPath }) => {
  it('are hidden properties that cannot go away, used again and again', async () => {
    const found = await play<Record<string, unknown>>(execPath, 'cells');
    expect(found).toMatchObject({
      descriptor: { value: 0, writable: true, enumerable: false, configurable: false },
      called: true,
      isReused: true,
      isDistinct: true,
      third: true,
      afterFreezing: [false, true],
    });
  });

  it.runIf(major >= 24)('changes nothing where V8 crashes', async () => {
    const found = await play<{ veto: string; applied: Refusal; isSame: boolean }>(execPath, 'refused', shapes[0] as string);
    expect(found.veto).toContain('not safe');
    expect(found.applied).toEqual({ ok: false, why: found.veto, isTemporary: false });
    expect(found.isSame).toBe(true);
  });
});
