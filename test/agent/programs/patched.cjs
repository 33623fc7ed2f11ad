// Patches the language after the agent was loaded, and notes when a patch is called while a probe reads.
let watching = false;
const seen = [];
const { apply, ownKeys, getOwnPropertyDescriptor, defineProperty } = Reflect;
const nodeTypes = require('node:util').types;

/** Every method that stands in an object, with one that tells; accessors as well. */
function patchAll(target, label) {
  for (const key of ownKeys(target)) {
    const descriptor = getOwnPropertyDescriptor(target, key);
    if (key === 'constructor' || !descriptor.configurable) continue;
    const tell = (original) =>
      function (...args) {
        if (watching) seen[seen.length] = `${label}.${String(key)}`;
        return new.target === undefined ? apply(original, this, args) : Reflect.construct(original, args, new.target);
      };
    if (typeof descriptor.value === 'function' && typeof descriptor.value.prototype !== 'object')
      defineProperty(target, key, { ...descriptor, value: tell(descriptor.value) });
    else if (descriptor.get !== undefined) defineProperty(target, key, { ...descriptor, get: tell(descriptor.get) });
  }
}

/** Everything a reader could be tempted to use. */
function patchLanguage() {
  const iterators = [[], new Map(), new Set()].map((list) => Object.getPrototypeOf(list[Symbol.iterator]()));
  for (const [label, target] of Object.entries({ Object, Reflect, Math, JSON, Atomics, Number, types: nodeTypes })) patchAll(target, label);
  for (const type of [Array, Map, Set, String, Date, RegExp, Function, Symbol, BigInt, Promise, Object.getPrototypeOf(Uint8Array)])
    patchAll(type.prototype, type.name);
  iterators.forEach((iterator, index) => patchAll(iterator, `iterator ${index}`));
  Date.now = () => { if (watching) seen[seen.length] = 'Date.now'; return 0; };
  performance.now = () => { if (watching) seen[seen.length] = 'performance.now'; return 0; };
  for (const name of ['setTimeout', 'setImmediate', 'queueMicrotask', 'clearTimeout', 'structuredClone']) {
    const original = globalThis[name];
    globalThis[name] = (...args) => { if (watching) seen[seen.length] = name; return original(...args); };
  }
  Error.prepareStackTrace = () => { if (watching) seen[seen.length] = 'prepareStackTrace'; return 'custom'; };
}

exports.run = function () {
  const custom = new Error('own trace');
  const account = { owner: 'o', customerPassword: 'hunter2', tokenCount: 3, API_KEYS: ['k'] };
  const kinds = [new Date(0), /a/g, new Map([['apiKey', 'k']]), new Set([1]), new Uint8Array(2), Object('boxed'), 1n, Symbol('s')];
  const order = { id: 1, items: ['a'] };
  watching = true;
  order.id += account.tokenCount + kinds.length - 11; // <- here
  watching = false;
  if (custom.stack !== 'custom') seen[seen.length] = 'stack changed';
  return seen;
};

exports.patch = () => patchLanguage();
// As a program of its own: patched before the bridge asks for anything.
if (require.main === module) {
  patchLanguage();
  setInterval(() => process.stdout.write(`${JSON.stringify(exports.run())}\n`), 50);
}
