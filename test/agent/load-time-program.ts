import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { onceARun } from '../helpers/once-a-run.ts';
import { runProgram } from './run-program.ts';

const programs = fileURLToPath(new URL('./programs/load-time/', import.meta.url));

/** Path of a fixture. */
export function loadTimeProgram(name: string): string {
  return join(programs, name);
}

/** The load-time instrumentation as one file, built from the sources once a run. */
async function built(): Promise<string> {
  const folder = await onceARun('load-time', async (made) => {
    const entry = fileURLToPath(new URL('../../src/agent/load-time/load-time.ts', import.meta.url));
    await build({ entryPoints: [entry], outfile: join(made, 'load-time.mjs'), bundle: true, platform: 'node', format: 'esm' });
  });
  return pathToFileURL(join(folder, 'load-time.mjs')).href;
}

export interface LoadTimeRun {
  stdout: string;
  stderr: string;
  code: number | null;
  /** Names of the instrumented files; undefined when it ran without. */
  instrumented?: string[];
  /** With `armAll`: calls that armed statements made. */
  passes?: number;
}

export interface LoadTimeRunOptions {
  /** Patterns; without them the program runs as it is. */
  patterns?: string;
  /** Arms every statement of every file. */
  armAll?: boolean;
  /** Arguments of Node before and behind those that load us. */
  before?: string[];
  behind?: string[];
  env?: Record<string, string>;
  cwd?: string;
}

/** Runs a program to its end, instrumented as it loads. */
export async function runLoadTime(execPath: string, args: string[], options: LoadTimeRunOptions = {}): Promise<LoadTimeRun> {
  const { patterns, armAll = false, before = [], behind = [], env = {}, cwd = dirname(args[0] as string) } = options;
  const own = patterns === undefined ? [] : ['--import', pathToFileURL(join(programs, 'install.mjs')).href];
  const environment = {
    ...env,
    LOAD_TIME_URL: await built(),
    REPORT: '1',
    PATTERNS: patterns ?? '',
    ...(armAll ? { ARM_ALL: '1' } : {}),
  };
  const run = runProgram(execPath, [...before, ...own, ...behind, ...args], environment, cwd);
  const { code } = await run.ended;
  const stderr = run.stderr().replace(/^(?:instrumented|passes):.*\n/gm, '');
  const report = /^instrumented: ?(.*)$/m.exec(run.stderr())?.[1];
  const instrumented = report?.split(' ').filter((name) => name !== '');
  const passes = /^passes: (\d+)$/m.exec(run.stderr())?.[1];
  return {
    ...{ stdout: run.stdout(), stderr, code },
    ...(instrumented === undefined ? {} : { instrumented }),
    ...(passes === undefined ? {} : { passes: Number(passes) }),
  };
}
