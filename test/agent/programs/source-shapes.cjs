#!/usr/bin/env node
// Code of many shapes that is not strict; prints what it does. Runs as it is and with a call before every statement.
var out = []
var print = (...all) => { out.push(all.join(' ')) }

// Statements without semicolons, one beginning with what could go on the line before.
var a = 1
var b = a
++a
;[a, b].forEach(x => print('item', x))
;(function named() { print('named', typeof named) })()
;`template`.split('')
var ratio = { test: () => 2 }
var c = a
/b/ratio.test('b')
print(c)

// Bodies without braces.
if (a) print('if'); else print('else')
if (!a) print('if')
else if (b) print('else if')
else print('else')
for (var i = 0; i < 2; i++) print('for', i)
for (var k in { x: 1 }) print('in', k)
for (var v of [1, 2]) if (v > 1) print('of', v); else continue
while (i-- > 0) if (i) print('while', i); else print('last')
do print('do', i); while (++i < 1)
do { print('do block') } while (0)
outer: for (;;) { inner: for (;;) { if (i) break outer; else break inner } i++ }
block: { if (a) break block; print('not reached') }
if (a) var late = require('node:path').posix
print(typeof late.join)
with ({ w: 1 }) print('with', w)
if (a) function lifted() { return 'lifted' }
print(lifted())
{ function inBlock() { return 1 } }
print(inBlock())

// switch: lists of clauses, a name of another clause in its dead zone.
function choose(n) {
  switch (n) {
    case 0: let early = 'zero'; return early
    case 1: case 2: { print('block'); return 'few' }
    case 3: early = 3; print(early)
    default: try { print(early) } catch { print('dead') } return 'many'
  }
}
for (var n of [0, 1, 2]) print(choose(n))
try { choose(3) } catch (error) { print(error.name) }
print(choose(4))

// Functions of all kinds; called before they stand there; names used twice.
print(hoisted(1))
function hoisted(x) { 'use strict'; return this === undefined ? x + twice(x) : 'sloppy'; function twice(y) { return y * 2 } }
function same(x) { return typeof x; function x() {} }
print(same(1))
function both() { var x = 1; function x() {} return typeof x }
print(both())
function args(x) { x = 2; return arguments[0] + arguments.length }
print(args(1))
function evil(x) { eval('var y = x + 1'); return y }
print(evil(1))
function defaults(x, y = () => x, { z = y(), ...rest } = { q: 1 }) { var x = 5; return x + z + Object.keys(rest) }
print(defaults(1))
var fact = function me(n) { return n < 2 ? 1 : n * me(n - 1) }
print(fact(5))
function empty() {}
print(empty())
function directive() { 'use strict'
  return this === undefined }
print(directive())
function notDirective() { 'use strict'.length; return this !== undefined }
print(notDirective())
function* generate(x) { try { const y = yield x; print('got', y); yield* [y, y + 1] } finally { print('closed') } }
for (var g of generate(7)) { print('yield', g); if (g === 7) continue }
var it = generate(1); it.next(); print(JSON.stringify(it.return(9)))
var yield_ = function () { var yield = 3; return yield }
print(yield_())
var let_ = function () { var let = 4; let
  return let }
print(let_())
var async = (x) => x
print(async(5), async (6))
var of = [1]
for (of of [[8]]) print(of)

// Arrow functions.
var add = x => y => x + y
print(add(1)(2))
var object = () => ({ a: 1, b: [2] })
print(JSON.stringify(object()))
var tern = x => x ? (y => y)(x) : x in { a: 1 }
print(tern(0), tern('b'))
var comma = (x, y = (z => z)(2)) => (x, y)
print(comma(1))
var afterArrow = () => {}
;[1].map(() => { return 1 })
var pick = ({ p, q: [r = 1] = [] }, ...s) => p + r + s.length
print(pick({ p: 1 }, 2, 3))
function Arrows() { this.x = 1; var f = () => this.x; var g = () => 2; return f() + g() }
print(new Arrows() instanceof Arrows, Arrows.call({}))
print([3, 1, 2].sort((x, y) => x - y).map((x) =>
  x * 2).join())

// throw, finally, labels in functions, stack depth.
function order() { try { return print('try') || 'returned' } finally { print('finally') } }
print(order())
function nested() { try { try { throw new Error('x') } finally { print('inner') } } catch ({ message }) { return message } }
print(nested())
function deep(n) { return n === 0 ? 0 : 1 + deep(n - 1) }
print(deep(500))
try { (function endless() { endless() })() } catch (error) { print(error instanceof RangeError) }
print(new (function () { return function Made() { this.ok = 1 } }())().ok)
print(typeof undeclared, a ? b ? 1 : 2 : 3, a?.b ?? 'none')

var asynchronous = async () => {
  for await (const x of [Promise.resolve(1), 2]) print('await', x)
  const later = await new Promise(resolve => setImmediate(() => resolve('later')))
  print(later)
  async function* stream() { yield 1; yield* [2, 3] }
  for await (const x of stream()) if (x > 1) print('stream', x)
  try { await (async () => { throw new TypeError('no') })() } catch (error) { print(error.message) }
  return 'done'
}
asynchronous().then(x => { print(x); console.log(out.join('\n')) })
