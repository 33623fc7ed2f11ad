import vm from 'node:vm';

const ran = [];
const tell = (name) => () => { ran.push(name); return 1; };
export const askRan = () => ran;
const traps = new Proxy({}, { get: (_, trap) => (...args) => { ran.push(`trap ${trap}`); return Reflect[trap](...args); } });
const sandbox = new Proxy({ inside: 1 }, traps);
const realm = vm.runInContext('this', vm.createContext(sandbox));
const foreign = vm.runInNewContext('class Far { x = 1 }; ({ plain: { a: 1 }, far: new Far(), map: new Map([[1, 2]]), list: [1], error: new RangeError("far"), date: new Date(0) })');
const half = 'x'.repeat(1_000_000);
const crowd = Object.fromEntries(Array.from({ length: 30_000 }, (_, index) => [`key ${index}`, index]));
ran.length = 0;

function* count() { yield 1; }
async function* countSlowly() { yield 1; }
class Plain { static instances = 2; static #hidden = 3; static get trap() { ran.push('static'); return Plain.#hidden; } }
class Quiet extends Error { constructor(text) { super(text); this.name = 'Quiet'; } }

export function exotic() {
  const generator = count();
  const asyncGenerator = countSlowly();
  const iterator = new Map([[1, 2]]).entries();
  const weakMap = new WeakMap(), weakSet = new WeakSet(), weakRef = new WeakRef(ran);
  const fulfilled = Promise.resolve({ done: true });
  const rejected = Promise.reject(new Error('no'));
  rejected.catch(() => {});
  const resizable = new ArrayBuffer(8, { maxByteLength: 16 });
  const view = new DataView(new ArrayBuffer(4));
  const outOfBounds = new DataView(resizable, 4);
  resizable.resize(2);
  const sharedBuffer = new SharedArrayBuffer(4);
  const detached = new Uint8Array(4);
  structuredClone(detached.buffer, { transfer: [detached.buffer] });
  const floats = new Float64Array([-0, Number.NaN, 0.5]);
  const bigs = new BigInt64Array([-1n]);
  const aggregate = new AggregateError([new TypeError('first')], 'all failed');
  const caused = new Quiet('caused', 0);
  caused.cause = { code: 'E_CAUSE' };
  const keyed = { [Symbol('tag')]: 1, [Symbol.iterator]: tell('iterator'), plain: 2 };
  const withFields = Object.defineProperty(Object.assign(function handler() {}, { list: [1] }), 'trap', { get: tell('field'), enumerable: true });
  const boxed = [Object(1), Object(true), Object(1n), Object(Symbol('b'))];
  const bare = Object.assign(Object.create(null), { x: -0 });
  const lists = (function () { return arguments; })(1, 'two');
  const rope = half + half + half;
  const described = Symbol(rope);
  const regexp = new RegExp('a', 'dgimsuy');
  void [generator, asyncGenerator, iterator, weakMap, weakSet, weakRef, fulfilled, rejected, view, outOfBounds, sharedBuffer, detached, floats, bigs, aggregate, caused, keyed, withFields, Plain, boxed, bare, lists, rope, described, regexp, realm, foreign];
  const only = () => {
    void [generator, asyncGenerator, iterator, weakMap, weakSet, weakRef, fulfilled, rejected, resizable, view, outOfBounds, sharedBuffer, detached, floats, bigs, aggregate, caused, keyed, withFields, boxed, bare, lists, rope, described, regexp];
    return 1; // <- here
  };
  return only();
}

export function crowded() {
  crowd[`late ${Object.keys(crowd).length}`] = 1;
  return crowd['key 1']; // <- crowd
}
