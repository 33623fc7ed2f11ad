import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { Located } from '../../src/agent/source/spot.ts';
import { nodes } from './nodes.ts';
import { builtAgentFile, marked, program } from './probe-program.ts';
import { ReaderProgram } from './reader-program.ts';

const places = program('places.mjs');
const line = marked(places, 'locals');
const where = { file: 'programs/places.mjs', line };

const running: ReaderProgram[] = [];
async function start(...args: Parameters<typeof ReaderProgram.start>): Promise<ReaderProgram> {
  const app = await ReaderProgram.start(...args);
  running.push(app);
  return app;
}
afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.stop()));
});

describe.each(nodes())('on Node $major', ({ execPath }) => {
  test('a line is found, and its file is read without asking the program for its text', async () => {
    const app = await start(execPath);
    await app.load(places);
    const located = await app.do<Located>('locate', { where });
    expect(located).toMatchObject({ found: [{ place: { file: places, line, function: 'locals' } }] });
    expect(await app.do('asked')).toMatchObject({ text: 0 });
  });

  test('a file that changed after it was loaded is read as V8 has it, once', async () => {
    const app = await start(execPath);
    const folder = await mkdtemp(join(tmpdir(), 'sidelight-reader-'));
    const file = join(folder, 'changed.mjs');
    await copyFile(places, file);
    await app.load(file);
    await writeFile(file, `// One line more.\n${await readFile(places, 'utf8')}`);
    for (const mark of ['locals', 'closure']) {
      const asked = { file: 'changed.mjs', line: marked(places, mark) };
      expect(await app.do('locate', { where: asked })).toMatchObject({
        found: [{ place: { line: asked.line, text: expect.stringContaining(`// <- ${mark}`) } }],
      });
    }
    expect(await app.do('asked')).toMatchObject({ text: 1 });
    await rm(folder, { recursive: true });
  });

  test('a module is located while it is compiled, before it runs', async () => {
    const app = await start(execPath);
    await app.do('locateNow', { where, maxMs: 5_000 });
    await app.load(places);
    const found = await app.do<{ path: string; located: Located; ms: number }[]>('located');
    expect(found.find(({ path }) => path === places)?.located).toMatchObject({ found: [{ place: { line } }] });
  });

  test('a process ends at once though the reader waits for its answer', async () => {
    const app = await start(execPath);
    await app.load(places);
    const exited = once(app.child, 'exit');
    app.do('leave', { where, how: 'waiting' }).catch(() => undefined);
    expect(await exited).toEqual([7, null]);
  });

  test('a process with nothing left to do ends though the reader is there', async () => {
    const app = await start(execPath);
    await app.load(places);
    const exited = once(app.child, 'exit');
    app.do('leave', { where, how: 'idle' }).catch(() => undefined);
    expect(await exited).toEqual([7, null]);
  });

  test('the beginning and the ends of a function are its own, not those of functions inside it', async () => {
    const app = await start(execPath);
    const file = program('function-ends.cjs');
    await app.load(file);
    const lines = readFileSync(file, 'utf8').split('\n');
    const marks = (name: string, mark: string): number[] =>
      lines.flatMap((text, index) => (text.includes('// <- ') && markedAs(text, name, mark) ? [index + 1] : []));
    for (const name of ['plain', 'inside', 'arrow', 'loose', 'empty', 'methods']) {
      const [asked] = marks(name, 'in');
      const located = await app.do<Located>('locate', { where: { file: 'function-ends.cjs', line: asked } });
      const [spot] = 'found' in located ? located.found : [];
      const entry = marks(name, 'entry');
      if (entry.length === 0) expect(spot?.span, name).toBeUndefined();
      else {
        expect(spot?.span?.entry.line, name).toBe((entry[0] as number) - 1);
        expect(
          spot?.span?.returns.map(({ line }) => line + 1),
          name,
        ).toEqual(marks(name, 'return'));
      }
    }
  });

  test('a busy program is waited for', async () => {
    const app = await start(execPath);
    await app.load(places);
    expect(await app.do('locateBusy', { where, ms: 400 })).toMatchObject({ found: [{ place: { line } }] });
  });

  test('scripts that are forgotten are not found any more, and found when they come again', async () => {
    const app = await start(execPath);
    const [id = ''] = await app.load(places);
    await app.do('locate', { where });
    await app.do('forget', id);
    expect(await app.do('locate', { where })).toEqual({ found: [] });
    await app.do('tellAll');
    expect(await app.do('locate', { where })).toMatchObject({ found: [{ script: { id } }] });
    await app.do('tellAll', id);
    expect(await app.do('locate', { where })).toEqual({ found: [] });
  });

  test('a program that replaced parts of the language is read like any other', async () => {
    const app = await start(execPath, { env: { REPLACED: '1' } });
    await app.load(places);
    expect(await app.do('locate', { where })).toMatchObject({ found: [{ place: { line } }] });
  });

  test('after a crash of the thread the open request is told so, and the next one starts another', async () => {
    const app = await start(execPath);
    await app.load(places);
    await app.do('locate', { where });
    const open = app.do('locateBusy', { where: { file: 'nothing.js', line: 1 }, ms: 50 });
    await app.do('crash');
    expect([{ found: [] }, { code: 'internal', message: expect.any(String) }]).toContainEqual(await open);
    expect(await app.do('locate', { where })).toMatchObject({ found: [{ place: { line } }] });
    expect(await app.do('threads')).toEqual({ started: 2, alive: 1 });
  });

  test('a thread that does not answer is ended, one that nobody needs ends itself', async () => {
    const url = await impatient();
    const app = await start(execPath, { url });
    await app.load(places);
    await app.do('lose', 1);
    expect(await app.do('locate', { where })).toMatchObject({ code: 'internal' });
    // On a busy machine a thread may seem not to answer though it would.
    const isFound = async (): Promise<boolean> => 'found' in (await app.do<Located>('locate', { where }));
    const alive = async (): Promise<number> => (await app.do<{ alive: number }>('threads')).alive;
    await until(isFound);
    await until(async () => (await alive()) === 0);
    await until(isFound);
    expect(await alive()).toBe(1);
  });

  test('the program waits no longer than it said', async () => {
    const app = await start(execPath, { withHash: false });
    await app.do('locateNow', { where, maxMs: 0 });
    await app.load(places);
    const found = await app.do<{ path: string; located: Located | null }[]>('located');
    expect(found.find(({ path }) => path === places)?.located).toBeNull();
    expect(await app.do('locate', { where })).toMatchObject({ found: [{ place: { line } }] });
  });
});

/** Whether a comment says `// <- … name … mark …`; marks follow the name they belong to. */
function markedAs(text: string, name: string, mark: string): boolean {
  const words = text.slice(text.indexOf('// <- ') + 6).split(' ');
  const from = words.indexOf(name);
  const marks = new Set(['entry', 'return', 'in']);
  for (let at = from + 1; from >= 0 && marks.has(words[at] ?? ''); at += 1) if (words[at] === mark) return true;
  return false;
}

/** The reader with looks every 100 ms. */
async function impatient(): Promise<string> {
  const url = new URL(await builtAgentFile('source/reader-client'));
  const text = await readFile(url, 'utf8');
  expect(text).toContain('lookMs = 1e4');
  const copy = new URL('./reader-impatient.js', url);
  await writeFile(copy, text.replace('lookMs = 1e4', 'lookMs = 100'));
  return copy.href;
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 50));
}
