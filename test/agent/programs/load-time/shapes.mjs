
// Many shapes of code, whose output must be the same with calls inserted.
import { strictEqual } from 'node:assert'; export const exported = 1, another = 2; export default function () { return exported }
const out = [];
const say = (...values) => out.push(values.map(String).join(' '));

function hoisted() { return later(); function later() { 'use strict'; return typeof this } }
say(hoisted())

const noSemicolons = () => {
  let a = 1
  let b = a
  ++b
  ;[a, b] = [b, a]
  const c = a;
  /b/.test('b') ? a++ : b++
  return `${a}${b}${c}`
}
say(noSemicolons())

label: for (let i = 0; i < 3; i++) {
  for (const j of [1, 2]) if (i === 1) continue label; else if (j === 2) break; else say(i, j)
}
do say('once'); while (false) say('after')
if (out.length > 100) say('never'); else if (out.length > 0) say('some')
else say('none')
for (const key in { x: 1, y: 2 }) say(key)
for (let i = 0, fs = []; i < 3; fs.push(() => i), i++) if (i === 2) say(fs.map((f) => f()))
while (out.length < 9) say('fill')

switch (out.length) { case 1: say('one'); break; case 9: { say('nine') } default: say('through') }
try { null.x } catch ({ message }) { say(message) } finally { say('finally') }

class Base { constructor(x) { this.x = x } get double() { return this.x * 2 } static make() { return new this(3) } }
class Derived extends Base {
  #secret = 5; field = this.#secret + 1; static count = 0;
  static { this.count = 7; }
  constructor(x) { const y = x + 1; super(y); this.y = y }
  get secret() { return this.#secret } set secret(v) { this.#secret = v }
  *items() { yield this.#secret; yield* [1, 2] }
  static #hidden() { return 'hidden' } static show() { return Derived.#hidden() + new.target }
  ['computed' + 1]() { return super.double }
}
const derived = new Derived(1)
derived.secret = 8
say(derived.x, derived.y, derived.field, derived.secret, [...derived.items()], Derived.count, Derived.show(), derived.computed1(), Derived.make().x)

function Old(a, a2 = () => arguments.length) { if (!new.target) return new Old(a); this.count = a2(); var hidden = a; return void hidden }
say(Old(4).count, (function () { return arguments.length })(1, 2, 3))
const sloppy = new Function('a', 'if (a) { function inner() { return a } } return typeof inner; ')
say(sloppy(1))
const early = () => { try { return tooEarly } catch (error) { return error.name } }
say(early())
let tooEarly = 1
say(early(), tooEarly)

async function waits(n) { let sum = 0; for await (const x of (async function* () { for (let i = 0; i < n; i++) yield i })()) { sum += x; await null } return sum }
const depth = (n) => { if (n === 0) return 0; return 1 + depth(n - 1) }
say(depth(500))
function deep(n) { try { return deep(n + 1) } catch (error) { return error.constructor === RangeError } }
say(deep(0))

function fails() {
  const error = new TypeError('wrong')
  throw error
}
function outer() { return fails() }
const lines = (stack) => stack.split('\n').filter((line) => line.includes('shapes')).map((line) => /at (?:async )?(\S+).*?:(\d+):\d+/.exec(line)?.slice(1).join(':')).join(' < ')
try { outer() } catch (error) { say(lines(error.stack)) }
strictEqual(typeof require, 'undefined'); export { depth as renamed }; await null; say(import.meta.url.endsWith('.mjs'), this)

waits(4).then(async (sum) => {
  say(sum)
  await Promise.all([waits(2), waits(3)]).then(([a, b]) => say(a, b))
  await (async () => { await null; fails() })().catch((error) => say(lines(error.stack)))
  console.log(out.join('\n'))
  console.log(Object.keys(globalThis).length)
  if (process.argv[2] === 'throw') outer()
  process.exitCode = 3
})
