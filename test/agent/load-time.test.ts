import { describe, expect, test } from 'vitest';
import { loadTimeProgram, runLoadTime } from './load-time-program.ts';
import { nodes } from './nodes.ts';

/** Since 22.15 and 23.5. */
const reachesModules = (major: number) => major >= 22;

describe.concurrent.each(nodes())('on Node $major', ({ major, execPath }) => {
  test.each([
    ['shapes.cjs', false],
    ['shapes.mjs', false],
    ['shapes.cjs', true],
    ['shapes.mjs', true],
  ])('%s prints the same and ends the same; all statements armed: %s', async (name, armAll) => {
    const plain = await runLoadTime(execPath, [loadTimeProgram(name)]);
    const instrumented = await runLoadTime(execPath, [loadTimeProgram(name)], { patterns: '**', armAll });
    expect(plain.stdout.split('\n').length).toBeGreaterThan(20);
    expect(instrumented.stdout).toBe(plain.stdout);
    expect(instrumented.stderr).toBe(plain.stderr);
    expect([plain.code, instrumented.code]).toEqual([3, 3]);
    expect(instrumented.instrumented).toEqual(name === 'shapes.cjs' || reachesModules(major) ? [name] : []);
    if (armAll && instrumented.instrumented?.length === 1) expect(instrumented.passes).toBeGreaterThan(1_000);
  });

  // Idle on one Node only: reading hundreds of files takes its time.
  test.each(major === 24 ? [false, true] : [true])(
    'packages that others wrote do the same; all statements armed: %s',
    { timeout: 60_000 },
    async (armAll) => {
      const args = [loadTimeProgram('packages.mjs')];
      const plain = await runLoadTime(execPath, args);
      const instrumented = await runLoadTime(execPath, args, { patterns: '**,../../../../node_modules/**', armAll });
      expect(plain.stdout.split('\n').length).toBeGreaterThan(9);
      expect(instrumented.stdout).toBe(plain.stdout);
      expect(instrumented.stderr).toBe(plain.stderr);
      expect(instrumented.instrumented?.length).toBeGreaterThan(200);
      if (armAll) expect(instrumented.passes).toBeGreaterThan(10_000);
    },
  );

  test('an uncaught error has the same message, lines and exit code', async () => {
    const args = [loadTimeProgram('shapes.cjs'), 'throw'];
    const plain = await runLoadTime(execPath, args);
    const instrumented = await runLoadTime(execPath, args, { patterns: '**' });
    const told = ({ stderr }: { stderr: string }) =>
      stderr
        .split('\n')
        .filter((line) => /^TypeError|^ +at .*shapes|shapes\.cjs:\d+$/.test(line))
        .map((line) => line.replace(/:\d+\)$/, ')').replace(/:\d+:\d+$/, ':'));
    expect(told(plain).length).toBeGreaterThan(3);
    expect(told(instrumented)).toEqual(told(plain));
    expect(instrumented.code).toBe(plain.code);
  });

  test('armed statements give exact passes and values, and nothing when they are disarmed', async () => {
    const { stdout, stderr, code } = await runLoadTime(execPath, [loadTimeProgram('arming.cjs')], { patterns: 'shop.cjs' });
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      dead: ['unreadable'],
      counts: [1, 2],
      prices: [expect.any(Number), expect.any(Number)],
      sums: [
        [0, 2],
        [2, 3],
        [0, 2],
        [2, 3],
      ],
      items: [2, 2],
      total: 4,
      again: 5,
      last: 5,
      armed: [],
      calls: 1,
      asked: [0, 0, 0, 0, 1],
      inherited: true,
      patched: 0,
      midway: 1,
      nothingSoFar: 0,
      loop: 499_999_500_000,
      passes: 1_000_000,
      after: 1_000_000,
      noStatement: true,
      spans: [
        [1, true],
        [2, true],
        [3, true],
      ],
      labels: ['<a>', '<b>', '<c>'],
      wholes: [
        ['entry', 7],
        ['entry', 8],
        ['end', 1, 0],
        ['end', 2, 0],
      ],
      inOrder: [true, true],
      wholeLoop: false,
      elsewhere: 10,
      early: 1,
      thread: 6,
      frozen: true,
    });
  });
});
