import { describe, expect, it } from 'vitest';
import { nodes } from './nodes.ts';
import { marked, ProbeProgram, program } from './probe-program.ts';

const first = program('cycle/first.mjs');

// In Node 22 and 24 V8 hands out its own mark for such bindings; touching it ends the process.
describe.each(nodes())('on Node $major', ({ execPath }) => {
  it('exported bindings in their dead zone are named, and the program lives', async () => {
    const app = await ProbeProgram.start(execPath, { engines: ['breakpoint'], maxShare: 1 });
    const where = { file: 'cycle/first.mjs', line: marked(first, 'early') };
    await app.arm({ id: 'all', where, limits: { hits: 50, depth: 3, ttlMs: 30_000 } });
    await app.arm({ id: 'asked', where, condition: "later === 'x'", expressions: ['counted'] });
    await app.load(first);
    const { skipped } = await app.until(() =>
      app.states.findLast(({ id, skipped }) => id === 'asked' && (skipped?.error ?? 0) > 0),
    );
    expect(skipped?.error).toBeGreaterThan(0);
    const hit = await app.until(() => app.hits[0]);
    const shown = hit.capture.scopes.flatMap(({ variables }) => variables);
    expect(shown).toContainEqual(['times', 0]);
    expect(JSON.stringify(shown)).not.toContain('now it is there');
    expect(await app.call(first, 'early', [1])).toBe(2);
    await app.stop();
  });
});
