import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import type { Action, Engine } from '../../src/protocol/frames.ts';
import type { Outcome } from './nasty-expressions.ts';
import { type Hit, marked, ProbeProgram, program, type State } from './probe-program.ts';

const file = program('nasty-world.cjs');
const where = { file: 'nasty-world.cjs', line: marked(file) };
/** How often the line is passed: an action for which there is no time at a pass looks at the next one. */
const passes = 2;
/** Processor time of such passes; a millisecond for each action would do. */
const maxCpuMs = 3_000;

/** Names in scope at the line. */
export const worldNames: string[] = /void \[(order, [^\]]*)\]/.exec(readFileSync(file, 'utf8'))?.[1]?.split(', ') ?? [];

type Asked = Pick<Action, 'kind' | 'expressions'> & { condition?: string; depth?: number };

/** A program in which everything that could run by mistake tells that it ran. */
export class NastyWorld {
  readonly #app: ProbeProgram;
  readonly #answer: string;

  private constructor(app: ProbeProgram, answer: string) {
    this.#app = app;
    this.#answer = answer;
  }

  static async start(execPath: string, engines: Engine[]): Promise<NastyWorld> {
    const app = await ProbeProgram.start(execPath, { engines, maxShare: 1, maxCaptureMs: 1_000 });
    // With a rule, so that names are judged at a hit.
    const names = { hidden: { rule: ['nobody uses this'] }, harmlessEndings: ['count'], harmlessBeginnings: ['has'] };
    await app.do('probes', { method: 'setPolicy', args: [{ names, pause: false }] });
    await app.load(file);
    await app.call(file, 'patch');
    return new NastyWorld(app, await app.call<string>(file, 'run'));
  }

  stop(): Promise<void> {
    return this.#app.stop();
  }

  /**
   * What becomes of actions at some passes: their last states and hits. Nothing of the program runs, its answer stays the same, and it
   * takes little time; else this fails with `label`.
   */
  async pass(asked: Asked[], label: string): Promise<{ last: State; hit: Hit | undefined }[]> {
    const app = this.#app;
    const first: State[] = [];
    for (const { depth = 3, ...action } of asked)
      first.push(await app.arm({ where, ...action, limits: { hits: 1, depth, ttlMs: 60_000 } }));
    const before = await app.call<number>(file, 'cpuMs');
    for (let pass = 0; pass < passes; pass += 1) expect(await app.call(file, 'run'), label).toBe(this.#answer);
    expect((await app.call<number>(file, 'cpuMs')) - before, label).toBeLessThan(maxCpuMs);
    expect(await app.call(file, 'ran'), label).toEqual([]);
    const armed = first.filter(({ state }) => state !== 'failed');
    for (const { id } of armed) await app.do('probes', { method: 'remove', args: [id, 'cancelled'] });
    const isOver = ({ state }: State): boolean => state === 'removed' || state === 'failed';
    return Promise.all(
      first.map(async ({ id }) => {
        const last = await app.until(() => app.states.find((state) => state.id === id && isOver(state)));
        if (last.hits > 0) await app.until(() => app.hits.some((hit) => hit.id === id));
        return { last, hit: app.hits.find((hit) => hit.id === id) };
      }),
    );
  }
}

/** What an action with one expression says about it; undefined when no pass had time for it. */
export function outcomeOf({ last, hit }: { last: State; hit: Hit | undefined }): Outcome | undefined {
  if (last.state === 'failed') {
    // On a machine that stood still for a third of a second the breaker may have come first.
    expect(['bad-expression', 'overhead']).toContain(last.code);
    return 'refused';
  }
  const [read] = hit?.capture.expressions ?? [];
  if (last.skipped?.error || last.sums?.notNumbers || (read !== undefined && 'error' in read)) return 'stopped';
  return hit !== undefined || last.skipped?.condition || last.sums?.count ? 'harmless' : undefined;
}
