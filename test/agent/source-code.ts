import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Node } from 'acorn';
import * as acorn from 'acorn';
import { build } from 'esbuild';

/** A place at which acorn has a statement: in a list, or as a body without braces. */
export interface Known {
  from: number;
  to: number;
  type: string;
  isBody: boolean;
}

/** Parses as a module, or else as a script; undefined for what is neither. */
export function parse(source: string): { tree: Node; sourceType: 'module' | 'script' } | undefined {
  for (const sourceType of ['module', 'script'] as const) {
    try {
      return { tree: parseAs(source, sourceType), sourceType };
    } catch {}
  }
  return undefined;
}

export function parseAs(source: string, sourceType: 'module' | 'script'): Node {
  return acorn.parse(source, { ecmaVersion: 'latest', sourceType, allowHashBang: true, allowReturnOutsideFunction: true });
}

type Tree = Node & Record<string, unknown>;

const isNode = (value: unknown): value is Tree => typeof (value as Tree | null)?.type === 'string';

/** All statements that run: no directives, blocks, empty ones, functions, imports and lists of exports. */
export function statementsOf(tree: Node): Known[] {
  const found: Known[] = [];
  const add = (node: unknown, isBody: boolean): void => {
    if (!isNode(node) || node.directive !== undefined) return;
    const declared = node.type.startsWith('Export') ? (node.declaration as Tree | null) : node;
    if (declared === null || declared === undefined) return;
    if (/^(?:Block|Empty)Statement$|^(?:Function|Import)Declaration$|^ExportAll/.test(declared.type)) return;
    found.push({ from: node.start, to: node.end, type: node.type, isBody });
  };
  const walk = (node: Tree): void => {
    if (node.type === 'Program' || node.type === 'BlockStatement' || node.type === 'StaticBlock')
      for (const one of node.body as unknown[]) add(one, false);
    if (node.type === 'SwitchCase') for (const one of node.consequent as unknown[]) add(one, false);
    if (node.type === 'IfStatement') for (const one of [node.consequent, node.alternate]) add(one, true);
    if (/^(?:For|While|DoWhile|With)/.test(node.type)) add(node.body, true);
    for (const value of Object.values(node)) for (const one of Array.isArray(value) ? value : [value]) if (isNode(one)) walk(one);
  };
  walk(tree as Tree);
  return found;
}

/** The analysis and the inserting as one file that programs import; call `remove` at the end. */
export async function buildSource(): Promise<{ url: string; home: string; remove: () => Promise<void> }> {
  const home = await mkdtemp(join(tmpdir(), 'sidelight-source-'));
  const folder = fileURLToPath(new URL('../../src/agent/source/', import.meta.url));
  const contents = ['statements', 'inserted', 'scopes']
    .map((name) => `export * from ${JSON.stringify(`${folder}${name}.ts`)};`)
    .join('');
  const outfile = join(home, 'source.mjs');
  await build({ stdin: { contents, resolveDir: home }, outfile, bundle: true, platform: 'node', format: 'esm' });
  return { url: pathToFileURL(outfile).href, home, remove: () => rm(home, { recursive: true, force: true }) };
}

/** Numbers between 0 and 1 that depend on the seed alone (mulberry32). */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
