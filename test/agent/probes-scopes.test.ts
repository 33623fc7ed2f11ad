import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { analyseScopes } from '../../src/agent/source/scopes.ts';
import { nodes } from './nodes.ts';
import { program } from './probe-program.ts';

const execute = promisify(execFile);
let home: string;
let scopesUrl: string;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'sidelight-scopes-'));
  const outfile = join(home, 'scopes.mjs');
  const entry = fileURLToPath(new URL('../../src/agent/source/scopes.ts', import.meta.url));
  await build({ entryPoints: [entry], outfile, bundle: true, platform: 'node', format: 'esm' });
  scopesUrl = pathToFileURL(outfile).href;
});
afterAll(() => rm(home, { recursive: true, force: true }));

test.each(nodes())('no name that V8 has in scope is missed in a published library, on Node $major', async ({ execPath }) => {
  const { stdout } = await execute(execPath, [program('scope-oracle.mjs')], { env: { ...process.env, SCOPES_URL: scopesUrl } });
  const { places, missing } = JSON.parse(stdout) as { places: number; missing: string[] };
  expect(missing).toEqual([]);
  expect(places).toBeGreaterThan(300);
});

/** Names seen at `@`, inner scopes first. */
const cases: [string, string, string[]][] = [
  ['an arrow function without braces', 'list.map((item, index) => @item + index)', ['item', 'index']],
  ['a name after a statement without semicolon', 'const a = 1\nlet b\n@a', ['a', 'b']],
  ['several declarators with functions between', 'const a = (x, y) => [x, y], b = { c: 1, d }, e = f(g, h);\n@', ['a', 'b', 'e']],
  [
    'destructuring with defaults and renaming',
    'const { a: { b = c }, [d]: e, ...f } = g, [h, , i = j] = k; @',
    ['b', 'e', 'f', 'h', 'i'],
  ],
  ['a regular expression that looks like code', 'const a = /[/"{(`]+/g, b = 1 / 2 / 3; if (a) /}/.test(b); @', ['a', 'b']],
  [
    'regular expressions at line ends without semicolon',
    'const a = /x/\nfunction b() {}\nconst c = /y/g\nlet d\n@',
    ['a', 'b', 'c', 'd'],
  ],
  ['functions behind a line that ends with ++', 'let a = 1\na++\nfunction b() {}\na--\nclass c {}\n@', ['a', 'b', 'c']],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of a program
  ['a template with code that has templates', 'const a = `x${((b) => `${b}}`)("}")}{`; @', ['a']],
  ['keywords as names of properties', 'const a = { let: 1, class: 2, function: 3, if(b) {} }; a.catch(1); a.for({}); @', ['a']],
  ['imports', "import a, { b as c, d } from 'x'; import * as e from 'y'; import 'z'; @", ['a', 'c', 'd', 'e']],
  ['a loop without braces', 'for (const a of b) for (let c = 0; c < 1; c++) @d(a, c); let e;', ['c', 'a', 'e']],
  ['var in a block of a function', 'function f(a) { if (a) { var b; let c; } @ }', ['a', 'b', 'f']],
  ['a class that extends a call', 'class A extends mixin(B) { static c = 1; d(e) { @ } }', ['e', 'A']],
];

describe('the names in scope', () => {
  test.each(cases)('%s', (_, text, names) => {
    const offset = text.indexOf('@');
    const { scopes } = analyseScopes(text.replace('@', ''))(offset);
    expect(scopes.flatMap((scope) => scope.names.map(({ name }) => name))).toEqual(names);
  });

  test('text that is not JavaScript gives something, and takes no longer than its length', () => {
    for (const text of [
      '{{{{',
      ')]}',
      '`${`${',
      '/*',
      "'",
      '/[',
      'class',
      'function',
      'const {',
      'for (',
      '=>',
      'import {',
      '(((('.repeat(20_000),
      '`${'.repeat(20_000),
    ]) {
      expect(analyseScopes(text)(text.length).isInWith).toBe(false);
    }
  });
});
