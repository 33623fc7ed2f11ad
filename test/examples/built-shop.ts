import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** The comment that ends the line to look at. */
export const mark = '// <- here';

/** The shop's sources. */
export const sources = fileURLToPath(new URL('../../examples/shop/src/', import.meta.url));

const project = fileURLToPath(new URL('../../examples/shop', import.meta.url));
const compiler = fileURLToPath(new URL('../../node_modules/typescript/bin/tsc', import.meta.url));

/** A shop that runs and said where. */
export interface RunningShop {
  url: string;
  /** Every line it printed so far. */
  printed: string[];
  /** Asks it to end by SIGTERM and gives what became of it. */
  end(): Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

interface ScriptCoverage {
  url: string;
  functions: { ranges: { startOffset: number; endOffset: number; count: number }[] }[];
}

/** The shop compiled into a folder of its own, and the processes started from there. */
export class BuiltShop {
  readonly folder: string;
  readonly compiled: { status: number | null; output: string };
  #running: ChildProcess[] = [];

  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), 'sidelight-shop-'));
    writeFileSync(join(this.folder, 'package.json'), '{"type":"module"}');
    const args = [compiler, '-p', project, '--outDir', this.folder];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    this.compiled = { status, output: stdout + stderr };
  }

  /** Runs the shop without waiting for it to open. */
  spawn(args: string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
    const child = spawn(process.execPath, [join(this.folder, 'main.js'), ...args], {
      env: { ...process.env, PORT: undefined, NODE_OPTIONS: undefined, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#running.push(child);
    return child;
  }

  /** Runs the shop and waits until it is open. */
  async start(args: string[], env?: NodeJS.ProcessEnv): Promise<RunningShop> {
    const child = this.spawn(args, env);
    if (!child.stdout) throw new Error('The shop has no output.');
    const ended = once(child, 'exit');
    const printed: string[] = [];
    const lines = createInterface({ input: child.stdout });
    lines.on('line', (line) => printed.push(line));
    await Promise.race([once(lines, 'line'), ended]);
    return {
      url: (JSON.parse(printed[0] ?? '{}') as { shop: string }).shop,
      printed,
      async end() {
        child.kill('SIGTERM');
        const [code, signal] = (await ended) as [number | null, NodeJS.Signals | null];
        return { code, signal };
      },
    };
  }

  /** Ends whatever still runs. */
  async endAll(): Promise<void> {
    for (const child of this.#running.splice(0)) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  }

  /** Takes the compiled files away. */
  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** How often V8 entered the innermost block around the mark, by the coverage it left in `folder`. */
  passesOfMarkedLine(folder: string): number {
    const offset = readFileSync(join(this.folder, 'checkout.js'), 'utf8').indexOf(mark);
    const scripts = readdirSync(folder).flatMap((name) => {
      return (JSON.parse(readFileSync(join(folder, name), 'utf8')) as { result: ScriptCoverage[] }).result;
    });
    const ranges = scripts
      .filter((script) => script.url.endsWith('/checkout.js'))
      .flatMap((script) => script.functions.flatMap((covered) => covered.ranges))
      .filter((range) => range.startOffset <= offset && offset < range.endOffset)
      .sort((a, b) => a.endOffset - a.startOffset - (b.endOffset - b.startOffset));
    return ranges[0]?.count ?? 0;
  }
}
