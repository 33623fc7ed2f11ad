// A program in which everything that could run by mistake tells that it ran. Patches the language after the agent was loaded.
const vm = require('node:vm');
const nodeTypes = require('node:util').types;
const { apply, construct, ownKeys, getOwnPropertyDescriptor, defineProperty } = Reflect;
const { create, getPrototypeOf } = Object;
const stringify = JSON.stringify;
const textOf = String;
let watching = false;
const ran = [];
const tell = (name) => { if (watching) defineProperty(ran, ran.length, { __proto__: null, value: name, enumerable: true, configurable: true, writable: true }); };
const note = (name, result = 1) => function () { tell(name); return result; };
const noisy = (name) => new Proxy({}, new Proxy({}, { get: (_, trap) => (...args) => { tell(`${name}: trap ${textOf(trap)}`); return apply(Reflect[trap], undefined, args); } }));

function patchAll(target, label) {
  for (const key of ownKeys(target)) {
    const descriptor = getOwnPropertyDescriptor(target, key);
    if (key === 'constructor' || !descriptor.configurable) continue;
    const wrap = (original, what) => function (...args) {
      tell(what);
      return new.target === undefined ? apply(original, this, args) : construct(original, args, new.target);
    };
    const name = `${label}.${textOf(key)}`;
    if (typeof descriptor.value === 'function' && typeof descriptor.value.prototype !== 'object') defineProperty(target, key, { ...descriptor, value: wrap(descriptor.value, name) });
    else if (descriptor.get !== undefined) defineProperty(target, key, { ...descriptor, get: wrap(descriptor.get, name) });
  }
}

/** Everything a reader could be tempted to use, and accessors where plain objects and arrays look for what they have not. */
exports.patch = () => {
  const iterators = [[], new Map(), new Set(), ''].map((list) => getPrototypeOf(list[Symbol.iterator]()));
  for (const [label, target] of Object.entries({ Object, Reflect, Math, JSON, Atomics, Number, types: nodeTypes })) patchAll(target, label);
  for (const type of [Array, Map, Set, WeakMap, WeakSet, WeakRef, String, Date, RegExp, Function, Symbol, BigInt, Promise, Error, DataView, ArrayBuffer, SharedArrayBuffer, FinalizationRegistry, getPrototypeOf(Uint8Array)])
    patchAll(type.prototype, type.name);
  iterators.forEach((iterator, index) => patchAll(iterator, `iterator ${index}`));
  Error.prepareStackTrace = (_, sites) => { tell('prepareStackTrace'); return sites; };
  patchAll(getPrototypeOf(new Error('sites').stack[0]), 'CallSite');
  Error.prepareStackTrace = note('prepareStackTrace', 'custom');
  for (const index of [0, 1, 2, 30]) for (const [prototype, label] of [[Array.prototype, 'Array'], [Object.prototype, 'Object']])
    defineProperty(prototype, index, { __proto__: null, configurable: true, get: note(`get ${label}[${index}]`, undefined), set(value) { tell(`set ${label}[${index}]`); defineProperty(this, index, { __proto__: null, value, writable: true, enumerable: true, configurable: true }); } });
};
/** Accessors with the names of descriptors; they go again, as programs with them hardly run. */
const descriptorNames = ['get', 'set', 'value', 'writable', 'enumerable', 'configurable'];
const pollute = () => { for (const name of descriptorNames) defineProperty(Object.prototype, name, { __proto__: null, configurable: true, get() { tell(`Object.prototype.${name}`); return undefined; }, set(value) { defineProperty(this, name, { __proto__: null, value, writable: true, enumerable: true, configurable: true }); } }); };
const clean = () => { for (const name of descriptorNames) delete Object.prototype[name]; };

class Card { number = '4111'; #pin = 1234; static count = 2; get brand() { tell('brand'); return 'x'; } pay() { tell('pay'); } check(given) { return this.#pin === given; } static [Symbol.hasInstance]() { tell('hasInstance'); return true; } }
class Tricky extends Map { get size() { tell('size'); return 0; } entries() { tell('entries'); return []; } get [Symbol.toStringTag]() { tell('toStringTag'); return 'x'; } }
class Loud extends Error { get name() { tell('name'); return 'n'; } get message() { tell('message'); return 'm'; } toString() { tell('toString'); return ''; } }
const convert = { valueOf: note('valueOf'), toString: note('toString'), toJSON: note('toJSON'), [Symbol.toPrimitive]: note('toPrimitive'), [Symbol.iterator]: note('iterator'), then: note('then'), inspect: note('inspect'), [Symbol.for('nodejs.util.inspect.custom')]: note('inspect') };
const registry = new FinalizationRegistry(note('finalised'));
const counted = { count: 0 };

/** Made once, before the language is patched. */
const heavy = {
  long: 'x'.repeat(200_000),
  longer: 'y'.repeat(200_000),
  medium: 'z'.repeat(99_999),
  medium2: `${'z'.repeat(99_998)}y`,
  rope: 'r'.repeat(40_000_000) + 's'.repeat(40_000_000),
  million: new Array(1_000_000).fill(7),
  many: new Array(9_000).fill(7),
  realm: vm.runInContext('this', vm.createContext(noisy('sandbox'))),
  foreign: vm.runInNewContext('({ a: 1, map: new Map([[1, 2]]), list: [1], error: new Error("f"), get g() { return 1; } })'),
};

exports.ran = () => ran;
exports.cpuMs = () => process.cpuUsage().user / 1_000;

/** What the program works out, whether it is looked at or not. */
exports.run = () => {
  let result;
  new (class Receiver { name = 'receiver'; #secret = 5; receive() { void this.#secret; result = receive.call(this, 1, 'two'); } })().receive();
  return result;
};

async function* generate() { yield 1; }

function receive(given, second) {
  const order = { id: 7, none: undefined, items: ['a', 'b'], get trap() { tell('trap'); return 1; }, set trap(_) { tell('set trap'); }, pay: note('pay'), nested: { deep: { deeper: { deepest: 1 } } } };
  const card = new Card();
  const proxy = noisy('proxy');
  const revocable = Proxy.revocable({}, {});
  revocable.revoke();
  const revoked = revocable.proxy;
  const callable = new Proxy(function () { tell('called'); }, { apply: note('apply'), get: note('get'), has: note('has', true) });
  const behind = create(proxy);
  const inherits = create({ anything: 1, get accessor() { tell('inherited accessor'); return 1; } });
  const bare = Object.assign(create(null), { x: 1 });
  const polluted = JSON.parse('{"__proto__": {"admin": true}, "constructor": 1, "x": 2}');
  const tricky = { ...convert };
  const items = ['a', 'b', 'c'];
  defineProperty(items, Symbol.iterator, { __proto__: null, value: note('items') });
  const odd = [1, , 3];
  defineProperty(odd, 1, { __proto__: null, get: note('element'), enumerable: true, configurable: true });
  const holes = new Array(5);
  const proxied = [proxy, proxy];
  const map = new Map([['a', 1]]);
  const loudMap = new Tricky([[1, 2]]);
  const set = new Set([1, 2]);
  const weak = new WeakMap([[order, 1]]);
  const reference = new WeakRef(order);
  const bytes = new Uint8Array([1, 2, 3]);
  const buffer = new ArrayBuffer(8);
  const detached = new Uint8Array(4);
  structuredClone(detached.buffer, { transfer: [detached.buffer] });
  const shared = new SharedArrayBuffer(4, { maxByteLength: 8 });
  const growing = new Uint8Array(shared);
  shared.grow(8);
  const view = new DataView(buffer);
  const text = 'hello';
  const symbol = Symbol('s');
  const keyed = { [symbol]: 1 };
  const big = 10n, zero = 0n, huge = 1n << 5_000n, immense = 1n << 1_000_000n;
  const { long, longer, medium, medium2, rope, million, many, realm, foreign } = heavy;
  const when = new Date(0);
  when.getTime = note('getTime');
  const pattern = /(a+)+b/;
  pattern.test = note('test');
  const loud = new Loud('loud');
  const failure = new Error('failed', { cause: proxy });
  const gathered = new AggregateError([loud], 'gathered');
  const promise = Promise.resolve(convert);
  promise.then = note('then');
  const waiting = generate();
  const boxed = new String('boxed');
  boxed.valueOf = note('valueOf');
  const circular = {};
  circular.self = circular;
  const nothing = null;
  const lists = arguments;
  const scope = globalThis;
  const fake = { length: { valueOf: note('length') } };
  const functionLike = function () { tell('called'); };
  registry.register({}, 1);
  const look = () => {
    void [order, card, proxy, revoked, callable, behind, inherits, bare, polluted, tricky, items, odd, holes, proxied, map, loudMap, set, weak, reference, bytes, buffer, detached, growing, view, text, symbol, keyed, big, zero, huge, immense, long, longer, medium, medium2, rope, million, many, when, pattern, loud, failure, gathered, promise, waiting, boxed, circular, nothing, lists, realm, foreign, scope, fake, functionLike, given, second, this, Card];
    pollute();
    watching = true;
    counted.count = items.length; // <- here
    watching = false;
    clean();
    const late = 1;
    return late;
  };
  look();
  return stringify([order.id, order.items, order.none === undefined, card.number, polluted.x, text, many.length, counted, given, second, ownKeys(order).length, ownKeys(globalThis.Object.prototype).length, typeof Object.prototype.admin]);
}
