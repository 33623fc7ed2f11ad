import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import { until } from '../helpers/program.ts';

const program = new URL('./programs/log-lines.ts', import.meta.url).pathname;
const running: ChildProcess[] = [];
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
});

/** Logs so many lines of a kilobyte into a pipe, and ends as said. */
function logging(how: 'end' | 'exit' | 'throw' | 'stay', count: number) {
  const child = spawn(process.execPath, ['--import', 'tsx', program, how, String(count)], {
    stdio: ['pipe', how === 'stay' ? 'pipe' : 'ignore', 'pipe'],
  });
  running.push(child);
  let text = '';
  const read = () =>
    child.stderr?.on('data', (chunk) => {
      text += chunk;
    });
  return {
    child,
    read,
    said: () => text,
    lines: () =>
      text
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line)),
  };
}

describe('a line of the log', () => {
  it('is out at once', async () => {
    const { child, read, lines } = logging('stay', 1);
    read();
    await until('the first line', () => lines()[0]);
    expect(child.exitCode).toBeNull();
  });

  it.each([
    ['end', 0],
    ['exit', 1],
    ['throw', 1],
  ] as const)('is out when the process ends right after it: %s', async (how, code) => {
    const { child, read, lines } = logging(how, 500);
    read();
    await once(child, 'close');
    expect(child.exitCode).toBe(code);
    expect(lines().map(({ at }) => at)).toEqual(Array.from({ length: 500 }, (_, index) => index + 1));
  });
});

describe('a log that nobody reads', () => {
  it.each(['end', 'exit', 'throw'] as const)(
    'holds up the end of the process for a moment only: %s',
    async (how) => {
      const { child } = logging(how, 2_000);
      await once(child, 'exit');
      expect(child.signalCode).toBeNull();
    },
    20_000,
  );

  it('keeps some megabytes, and tells how many lines it dropped beyond', async () => {
    const { child, read, said, lines } = logging('stay', 8_000);
    await once(child.stdout as Readable, 'data');
    read();
    await until('what was dropped', () => said().includes('"dropped"') || undefined);
    child.stdin?.end('end');
    await once(child, 'close');
    const told = lines();
    const kept = told.filter(({ msg }) => msg === 'a line');
    const dropped = told.find((line) => 'dropped' in line);
    expect(kept.length).toBeGreaterThan(3_000);
    expect(dropped).toMatchObject({ level: 40, dropped: 8_000 - kept.length });
    expect(told.at(-1)).toMatchObject({ msg: 'the last line' });
  });
});
