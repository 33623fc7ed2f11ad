import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { type Edit, insert, passEdits, spanEdits } from '../../src/agent/source/inserted.ts';
import { analyse } from '../../src/agent/source/statements.ts';
import { parse, parseAs, random, statementsOf } from './source-code.ts';

const libraries = fileURLToPath(new URL('../../node_modules/', import.meta.url));
const fixtures = ['shapes.cjs', 'shapes.mjs'].map((name) => fileURLToPath(new URL(`./programs/source-${name}`, import.meta.url)));
const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 1e6));
const wanted = Number(process.env.SIDELIGHT_SOURCE_FILES ?? 150);
const names = { cell: '$cell$', token: '$token$' };

/** A sample of what is installed; with SIDELIGHT_SOURCE_FILES=1e9 all of it. */
function sample(): string[] {
  const all = readdirSync(libraries, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.[cm]?js$/.test(name) && !name.startsWith('.'))
    .map((name) => join(libraries, name))
    .filter((path) => statSync(path).isFile() && (wanted > 1e6 || statSync(path).size < 200_000))
    .sort();
  const next = random(seed);
  return wanted >= all.length ? all : Array.from({ length: wanted }, () => all[Math.floor(next() * all.length)] as string);
}

/** Everything that can be inserted, at once. */
function everything(source: string): string {
  const analysis = analyse(source);
  const edits: Edit[] = analysis
    .statements()
    .flatMap(({ insertion }, site) => passEdits(insertion, { ...names, site, names: insertion.names }));
  for (const index of analysis.functions().keys()) {
    const around = analysis.wholeFunctionOf(index);
    if (!('why' in around)) edits.push(...spanEdits(around, { ...names, site: 1, exitSite: 2, names: around.entry }));
  }
  return insert(source, edits);
}

describe('in published libraries', () => {
  test(`every statement that is offered is one, nearly all are, and the text stays valid (SEED=${seed})`, {
    timeout: 600_000,
  }, () => {
    let known = 0;
    const wrong: string[] = [];
    const missing: string[] = [];
    for (const file of [...fixtures, ...sample()]) {
      const source = readFileSync(file, 'utf8');
      const parsed = parse(source);
      if (parsed === undefined) continue;
      const expected = new Map(statementsOf(parsed.tree).map((one) => [one.from, one]));
      const offered = analyse(source).statements(1);
      const hasAsm = source.includes('use asm');
      if (!hasAsm) known += expected.size;
      for (const { offset, insertion } of offered) {
        const one = expected.get(offset);
        const isExact = one !== undefined && insertion.at === one.from && insertion.wrapTo === (one.isBody ? one.to : undefined);
        if (!isExact) wrong.push(`${file}:${offset}`);
        expected.delete(offset);
      }
      // asm.js is left as it is.
      if (!hasAsm) for (const one of expected.values()) missing.push(`${file}:${one.from} ${one.type}`);
      try {
        parseAs(everything(source), parsed.sourceType);
      } catch (error) {
        wrong.push(`${file}: ${String(error)}`);
      }
    }
    expect(wrong).toEqual([]);
    expect(known).toBeGreaterThan(1_000);
    expect(missing.length / known, missing.slice(0, 20).join('\n')).toBeLessThan(0.02);
  });
});

/** Where a call goes for the place `@` : `|` and `}` mark it in the text, or a part of the reason why it does not. */
const places: [string, string, string][] = [
  ['the initializer of a declaration', 'let a; const b = @f()', 'let a; |const b = f()'],
  ['a declarator without value before it', 'let a, b = @f()', '|let a, b = f()'],
  ['a second declarator', 'const a = 1, b = @f()', '!between'],
  ['a call behind another', 'f().@g()', '!between'],
  ['an argument that is called first', 'f(@g())', '|f(g())'],
  ['an argument behind a call', 'f(g(), @h())', '!between'],
  ['a member before a call', 'return_(a\n.@b())', '|return_(a\n.b())'],
  ['what may not run', 'a && @f()', '!between'],
  ['what may not run for an optional chain', 'a?.@f()', '!between'],
  ['behind a question mark', 'a ? @f() : g()', '!between'],
  ['behind an assignment', 'f(a = 1, @g())', '!between'],
  ['what is assigned', 'a.b = @f()', '|a.b = f()'],
  ['the return value', 'function f() { return @g() }', 'function f() { |return g() }'],
  ['a condition', 'if (@f()) g()', '|if (f()) g()'],
  ['a body without braces', 'if (a) @f(); else g()', 'if (a) |f();} else g()'],
  ['an else without braces', 'if (a) f()\nelse @g()\nh()', 'if (a) f()\nelse |g()}\nh()'],
  ['an else if', 'if (a) f(); else if (@b) g(); else h()', 'if (a) f(); else |if (b) g(); else h()}'],
  ['a nested body without braces', 'if (a) for (;;) @f()', 'if (a) for (;;) |f()}'],
  ['a body of do', 'do @f(); while (a)', 'do |f();} while (a)'],
  ['the test of a while', 'while (@f()) g()', '!each turn'],
  ['the test of a do', 'do f(); while (@g())', '!'],
  ['the first part of a for', 'for (let i = @f(); i < 1; i++) g()', '|for (let i = f(); i < 1; i++) g()'],
  ['the test of a for', 'for (let i = 0; @i < 1; i++) g()', '!each turn'],
  ['the step of a for', 'for (let i = 0; i < 1; @i++) g()', '!each turn'],
  ['what a for goes over', 'for (const a of @b) f()', '|for (const a of b) f()'],
  ['what a for assigns', 'for (const @a of b) f()', '!each turn'],
  ['a clause of a switch', 'switch (a) { case 1: @f() }', 'switch (a) { case 1: |f() }'],
  ['what a clause compares', 'switch (a) { case @f(): g() }', '!between'],
  ['a label', 'a: for (const b of @c) f()', '|a: for (const b of c) f()'],
  ['a directive', '"use strict"; @f()', '"use strict"; |f()'],
  ['a directive of the next line', '"use strict"\n@f()', '"use strict"\n|f()'],
  ['a text that is no directive', '@"a"\n.b()', '|"a"\n.b()'],
  ['an arrow function without braces', 'f(a => @a.b)', '!without braces'],
  ['an arrow function with braces', 'f(a => { @a.b })', 'f(a => { |a.b })'],
  ['a value of a parameter', 'function f(a = @g()) { h() }', '!parameters'],
  ['a class field', 'class A { a = @f() }', '!class field'],
  ['an arrow function in a class field', 'class A { a = () => { @f() } }', 'class A { a = () => { |f() } }'],
  ['a static block', 'class A { static { @f() } }', 'class A { static { |f() } }'],
  ['a class that extends a call', 'class A extends @f() {}', '|class A extends f() {}'],
  ['an exported value', 'export const a = @f()', '|export const a = f()'],
  ['a default export', 'export default @f()', '|export default f()'],
  ['an import', '@import "a"', '!no statement'],
  ['a function', 'f(); @function g() {}', '!'],
  ['inside with', 'with (a) { @f() }', '!with'],
  ['the with itself', 'with (@a) f()', '|with (a) f()'],
  ['the end of a function', 'function f() { g();@}', 'function f() { g();|}'],
  ['the end of a function behind a line', 'function f() { g()\n@}', 'function f() { g()\n|}'],
  ['the end of a function without semicolon', 'function f() { g() @}', '!semicolon'],
  ['the end of an empty function', 'function f() {@}', 'function f() {|}'],
  ['a function with a directive without semicolon', 'function f() { "a" @}', '!semicolon'],
  ['a word that is no keyword', 'var let = 1; let = 2; @let(3)', 'var let = 1; let = 2; |let(3)'],
  ['HTML comments', '<!-- a\n@f()', '!HTML'],
  ['a regular expression that looks like code', 'a = b\n/c/g; @f(); /}/.test(d)', 'a = b\n/c/g; |f(); /}/.test(d)'],
  ['a line that goes on after an arrow function', 'a = () => {}\n@(f)()', 'a = () => {}\n|(f)()'],
  ['a line that ends by another character', 'a\u2028@b()', 'a\u2028|b()'],
  ['using', 'const a = 1; using b = @f()', 'const a = 1; |using b = f()'],
  ['await using', 'await using b = @f()', '|await using b = f()'],
  ['using as a name', 'using(@f())', '|using(f())'],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of a program
  ['code in a template', 'f`${@g()}`', '|f`${g()}`'],
  ['a private name', 'class A { #a; b(c) { return #a in @c } }', 'class A { #a; b(c) { |return #a in c } }'],
  ['asm.js', 'function f() { "use asm"; @g() }', '!asm'],
  ['text that is not JavaScript', '@const a: string = 1', '!read'],
];

test.each(places)('a call for %s stands where it should', (_, text, expected) => {
  const offset = text.indexOf('@');
  const source = text.replace('@', '');
  const insertion = analyse(source).insertionAt(offset);
  if (expected.startsWith('!')) {
    expect(insertion).toEqual({ why: expect.stringContaining(expected.slice(1)) });
    return;
  }
  if ('why' in insertion) throw new Error(insertion.why);
  const { at, wrapTo = -1 } = insertion;
  expect(`${source.slice(0, at)}|${wrapTo < 0 ? source.slice(at) : `${source.slice(at, wrapTo)}}${source.slice(wrapTo)}`}`).toBe(
    expected,
  );
});

/** What can be read at `@`. */
const readable: [string, string, string][] = [
  ['own names, inner ones first', 'function f(a) { var b; let c; { let a; @g() } let d }', 'a b c this'],
  ['not what is in its dead zone', 'function f() { @g(); let a; const b = 1; class C {} var d }', 'd this'],
  ['not what its own value declares', 'function f() { let a = @g() }', 'this'],
  [
    'not what another clause of a switch declares',
    'function f(a) { switch (a) { case 1: let b; case 2: let c; @g() } }',
    'c a this',
  ],
  ['outer names only when the function mentions them', 'let a, b, c; function f() { @g(b); return () => c }', 'this b c'],
  ['not outer names that only a name of its own hides', 'let a; function f() { @g(); { let a = 1; h(a) } }', 'this'],
  ['not `this` of an arrow function that has no use for it', 'function f() { return () => { @g() } }', ''],
  ['`this` of an arrow function that uses it', 'function f() { return () => { @g(); return () => this } }', 'this'],
  ['not `this` of a script', 'let a; @g(this)', 'a'],
  ['not `this` before super', 'class A extends B { constructor(a) { @g(); super() } }', 'a'],
  ['`this` behind super', 'class A extends B { constructor(a) { super(); @g() } }', 'a this'],
  ['not `arguments`', 'function f(a) { @g(arguments) }', 'a this'],
  ['no globals', '@console.log(process)', ''],
  ['parameters of patterns', 'const f = ({ a, b: [c = d], ...e }, g = 1) => { @h() }', 'a c e g'],
  ['private fields, not methods', 'class A { #a; #b = 1; #c() {} get #d() {} static #e; f() { @g() } }', 'this #a #b'],
  ['static private fields', 'class A { #a; static #e; static f() { @g() } }', 'this #e'],
  ['private fields in an arrow function', 'class A { #a; f() { return () => { @g(this) } } }', 'this #a'],
  ['no private fields of another `this`', 'class A { #a; f() { return { g() { @h() } } } }', 'this'],
  ['the name of a function expression', 'x = function me() { @g() }', 'me this'],
  ['functions of blocks outside of them', 'function f() { { function g() {} } @h() }', 'g this'],
  ['not outer names that only a parameter is named like', 'let a, b; function f() { @g((a, c = b) => 1) }', 'this b'],
  ['imports that are mentioned', 'import a, { b as c } from "d"; function f() { @g(a, c) }', 'this a c'],
  ['what a catch has caught', 'try {} catch ({ a, b }) { let c = 1; @g() }', 'c a b'],
];

test.each(readable)('reads %s', (_, text, expected) => {
  const insertion = analyse(text.replace('@', '')).insertionAt(text.indexOf('@'));
  if ('why' in insertion) throw new Error(insertion.why);
  const found = insertion.names.map(({ name }) => name).join(' ');
  expect(found).toBe(expected);
});

/** A function around `@`, or why it cannot be wrapped. */
const wholes: [string, string, string][] = [
  ['behind directives', 'function f(a) { "use strict"; @b }', 'b '],
  ['of an arrow function', 'f = (a) => (@a, b)', '(a, b)'],
  ['of a method', 'class A { async *b() { @c } }', 'c '],
  ['that is empty', 'function f() {@}', '!empty'],
  ['with a function named as a parameter', 'function f(a) { @b; function a() {} }', '!name'],
  ['with a function named as a variable', 'function f() { var a; @b; function a() {} }', '!name'],
  ['with a variable of a block named as a function', 'function f() { function a() {} { var a; @b } }', '!name'],
  ['with two functions of one name', 'function f() { function a() {} function a() {} @b }', '!name'],
  [
    'with functions of different names',
    'function f() { @g(); function g() {} function h() {} }',
    'g(); function g() {} function h() {} ',
  ],
  ['with eval', 'function f() { @eval("var a") }', '!eval'],
  ['with strict eval', 'function f() { "use strict"; @eval("var a") }', 'eval("var a") '],
  ['where there is none', '@a', '!no function'],
];

test.each(wholes)('the body of a function %s is found', (_, text, expected) => {
  const source = text.replace('@', '');
  const found = analyse(source).wholeFunctionAt(text.indexOf('@'));
  if (expected.startsWith('!')) expect(found).toEqual({ why: expect.stringContaining(expected.slice(1)) });
  else if ('why' in found) throw new Error(found.why);
  else expect(source.slice(found.body.from, found.body.to)).toBe(expected);
});

test('functions are named as people name them', () => {
  const source =
    'class Cart { constructor() {} total() {} static get size() {} #hidden() {} } function a() {} const b = () => 1, c = { d() {}, e: function () {} }';
  const names = analyse(source)
    .functions()
    .map(({ name }) => name);
  expect(names).toEqual(['Cart', 'Cart.total', 'Cart.size', 'Cart.#hidden', 'a', 'b', 'd', 'e']);
});

test('private fields are told for the place, whatever the function mentions', () => {
  const source = 'class A { #a; static #b; c() { return () => { f() } } static d() { f() } }';
  const { scopesOf } = analyse(source);
  expect(scopesOf(source.indexOf('f()')).privates).toEqual(['#a']);
  expect(scopesOf(source.lastIndexOf('f()')).privates).toEqual(['#b']);
});

test('what stands in the parameters of an arrow function is read once', () => {
  const { statements, functions } = analyse('const f = (a = () => { b() }, c) => { d() }');
  expect(statements().map(({ offset }) => offset)).toEqual([0, 23, 38]);
  expect(functions()).toHaveLength(2);
});

test('each statement knows its function', () => {
  const { statements, functions } = analyse('a(); function f() { b(); const g = () => { c() } }');
  const all = functions();
  expect(statements().map((one) => all[one.function]?.name)).toEqual([undefined, 'f', 'f', 'g']);
});

test('text that is not JavaScript is refused, and takes no longer than its length', () => {
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
    'a ? '.repeat(50_000),
    '(a = '.repeat(3_000),
    'export {',
    'import a',
  ]) {
    const { insertionAt, statements, functionAt } = analyse(text);
    expect(insertionAt(0)).toHaveProperty('why');
    expect(statements()).toEqual([]);
    expect(functionAt(0)).toBeUndefined();
  }
});
