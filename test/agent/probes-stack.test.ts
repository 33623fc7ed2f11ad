import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { nodes } from './nodes.ts';
import { marked, ProbeProgram, program } from './probe-program.ts';

const file = program('async-stack.mjs');

/** Marked line, function to call, and the program's frames, inner first, as V8 names them. */
const cases: [mark: string, call: string, stack: string[]][] = [
  ['async', 'outermost', ['innermost', 'async middle', 'async arrow', 'async handle', 'async outermost']],
  ['asyncGenerator', 'stream', ['produce', 'async consume', 'async stream']],
  ['generator', 'gather', ['walk', 'collect', 'gather']],
  ['all', 'everything', ['part', 'async parts', 'async everything']],
  ['timer', 'detached', ['']],
];

const running: ProbeProgram[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.stop()));
});

describe.each(nodes())('on Node $major', ({ execPath }) => {
  let app: ProbeProgram;
  beforeEach(async () => {
    app = await ProbeProgram.start(execPath, { maxShare: 1, maxCaptureMs: 1_000 });
    running.push(app);
    await app.load(file);
  });

  test.each(cases)('the stack at %s shows who waits for the function, as V8 knows it', async (mark, call, stack) => {
    await app.arm({ where: { file: 'async-stack.mjs', line: marked(file, mark) } });
    await app.call(file, call);
    const frames = (await app.hit()).capture.stack.filter((frame) => frame.file.endsWith('async-stack.mjs'));
    expect(frames.map((frame) => frame.function)).toEqual(stack);
    expect(frames[0]?.line).toBe(marked(file, mark));
    for (const frame of frames) expect(frame.line).toBeGreaterThan(1);
  });
});
