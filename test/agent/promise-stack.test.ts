import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nodes } from './nodes.ts';
import { marked, ProbeProgram, program } from './probe-program.ts';

const file = program('generators.cjs');
const never = { where: { file: 'generators.cjs', line: marked(file, 'gone') }, condition: 'sum < 0' };
const times = 60;
const rounds = 6;
let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'sidelight-generators-'));
});
afterAll(() => rm(home, { recursive: true, force: true }));

describe.each(nodes())('on Node $major', ({ execPath }) => {
  it('what V8 notes of async generators while its debugger is on does not pile up from action to action', async () => {
    const app = await ProbeProgram.start(execPath, { engines: ['breakpoint'] });
    try {
      await app.load(file);
      const listed = () => app.call<number>(file, 'listed', [join(home, 'one.heapsnapshot')]);
      const counts: number[] = [];
      for (let round = 0; round < rounds; round += 1) {
        const { id } = await app.arm(never);
        expect(await app.call(file, 'go', [times])).toBe(3 * times);
        await pause(1_000);
        await app.do('probes', { method: 'remove', args: [id, 'cancelled'] });
        counts.push(await listed());
      }
      // Each round leaves its own until the next one begins.
      expect(Math.max(...counts), counts.join()).toBeLessThan(2 * times);
    } finally {
      await app.stop();
    }
  });
});
