// Code of many shapes in a module; prints what it does. Runs as it is and with a call before every statement.
'use strict'; import { posix as path, default as whole } from 'node:path'; import * as url from 'node:url'
export { path as renamed }
export * from 'node:querystring'
export default class extends Map { constructor() { super(); this.made = true } }
export const first = 1, second = first + 1
export let later
export function declared() { return later }
const print = (...all) => console.log(...all)
print(path === whole.posix, typeof url.parse, import.meta.url.startsWith('file:'))

class Base {
  static #count = 0
  static made = Base.#next()
  static { let inBlock = 1; Base.block = inBlock + 1; var alsoHere = 2; Base.var = alsoHere }
  #secret = 42; plain = this.#secret + 1
  handler = () => { const here = this.#secret; return here }
  'quoted key'() { return 'quoted' }
  [`computed${1}`] = 2
  static #next() { return ++Base.#count }
  static get count() { return Base.#count }
  get secret() { return this.#secret }
  set secret(value) { if (value > 0) this.#secret = value; else throw new RangeError('no') }
  #hidden() { return 'hidden' }
  async *[Symbol.asyncIterator]() { yield this.#hidden(); yield* [1, 2] }
  static is(value) { return #secret in value }
  *items() { for (const x of [1, 2]) yield x }
  async get() { return this.#secret }
  static async() { return 'named async' }
  get
  later() { return 1 }
}
class Derived extends (print('heritage'), Base) {
  constructor(value) {
    if (value > 1) print('before super')
    const make = () => super()
    make()
    this.value = value
    print('made', super.secret)
  }
  get secret() { return super.secret + 1 }
  run() { const inner = () => { return () => { return this.value } }; return inner()() }
}
const one = new Base(), two = new Derived(2)
print(one.secret, two.secret, one.handler(), one.plain, one.computed1, one['quoted key'](), Base.block, Base.var, Base.count, Base.made, Base.async())
try { one.secret = -1 } catch ({ name, message }) { print(name, message) }
one.secret = 5
print(one.secret, Base.is(one), Base.is({}), [...one.items()], await one.get(), two.run(), one.later)
for await (const item of one) print('item', item)
try { Base.prototype.items.call(undefined); print(Reflect.get(Base.prototype, 'secret')) } catch (error) { print(error.name) }

// Names in their dead zone, in this function and in another.
function reads() { return dead }
try { reads() } catch (error) { print(error.name) }
let dead = 'alive'
print(reads())
{ try { early } catch (error) { print(error.name) } const early = 1; print(early) }
const self = function me(n) { return n ? me(n - 1) : 'end' }
print(self(2))
for (let i = 0, fs = []; i < 3; i++) { fs.push(() => i); if (i === 2) print(fs.map(f => f()).join()) }
const tag = (strings, ...values) => strings.raw.join('|') + values
print(tag`a${1}b${`c${2}`}d`)
const gen = (function* () { const got = yield 1; print('got', got); return 2 })()
gen.next(); print(gen.next('x').value)
const object = { async a() { return 1 }, get b() { return 2 }, *c() { yield 3 }, async *d() { yield 4 }, 'e-f'() { return 5 }, g: async () => 6, h: x => x, [`i`]: function () { return this === object } }
print(await object.a(), object.b, [...object.c()], object['e-f'](), await object.g(), object.h(7), object.i())
later = await Promise.all([1, 2].map(async (x) => { await null; return x * 2 }))
print(declared().join(), first, second)
label: for (const x of [1, 2, 3]) { for (const y of [1, 2]) { if (y === 2) continue label; if (x === 3) break label; print(x, y) } }
const { a = 1, b: { c = a } = {}, ...rest } = { d: 4 }
print(a, c, rest.d)
const nested = () => () => () => { return 'deep' }
print(nested()()())
const text = (x) => x
/* comment */ // another
print(text(1)) /* end */
print(((x) => { 'use strict'; return typeof this })(1))
