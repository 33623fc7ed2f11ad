// Arms statements of shop.cjs and prints what was seen.
const arm = globalThis[Symbol.for('arm-marked')];
const seen = {};
const kept = (name) => (seen[name] = []);
let dead;
globalThis[Symbol.for('load-time')].onLoaded(({ path }) => {
  if (path.endsWith('shop.cjs')) dead = arm('shop.cjs', 'dead', (token, values) => void kept('dead').push(...values.length ? ['read'] : ['unreadable']));
});
const { Cart, counter, slow, fails, early, loop } = require('./shop.cjs');
dead.disarm();

// A closure that exists already; several statements of one function; values as they are at each pass.
const next = counter();
next();
const counts = kept('counts');
const counting = arm('shop.cjs', 'count', (_, [count]) => void counts.push(count));
const cart = new Cart().add('cup', 4).add('pot', 6);
const prices = kept('prices');
const price = arm('shop.cjs', 'price', (_, values) => void prices.push(values.length));
const sums = kept('sums');
const sum = arm('shop.cjs', 'sum', (_, values) => void sums.push([values[sum.armed.names.indexOf('sum')], values[sum.armed.names.indexOf('price')]]));
const items = kept('items');
const total = arm('shop.cjs', 'total', (_, values) => void items.push(values[total.armed.names.indexOf('#items')].length));
next();
next();
seen.total = cart.total(1);
price.disarm();
counting.disarm();
next();
seen.again = cart.total();
sum.disarm();
total.disarm();
seen.last = cart.total();

// A function without a probe costs nothing.
seen.armed = Object.getOwnPropertyNames(globalThis).filter((name) => /^\$[12][0-9a-z]{6}/.test(name) && globalThis[name] !== 0);

// Nor do the other statements of a function with a probe call us; what the program makes of all functions is not asked.
const only = arm('shop.cjs', 'total', () => undefined);
const cell = Object.getOwnPropertyNames(globalThis).find((name) => /^\$[12][0-9a-z]{6}/.test(name) && globalThis[name] !== 0);
const called = globalThis[cell];
seen.calls = 0;
seen.asked = Object.keys(called).map((statement) => called[statement]);
Function.prototype[9] = 'of the program';
seen.inherited = called[9] === undefined;
delete Function.prototype[9];
globalThis[cell] = Object.assign((...values) => {
  seen.calls += 1;
  return called(...values);
}, called);
cart.total();
only.disarm();

// Taken away in the middle of a pass, in a program that has changed the language.
const kinds = [Map.prototype, Number.prototype, Array.prototype, Reflect.getPrototypeOf(Uint32Array.prototype)];
const patch = (name, value) => {
  const before = kinds.map((kind) => Object.getOwnPropertyDescriptor(kind, name));
  kinds.forEach((kind) => Object.defineProperty(kind, name, { get: value, configurable: true }));
  return () => kinds.forEach((kind, index) => (before[index] ? Object.defineProperty(kind, name, before[index]) : delete kind[name]));
};
seen.patched = 0;
const midway = arm('shop.cjs', 'add', () => {
  const heard = () => { seen.patched += 1; };
  const undo = ['get', 'toString', 'indexOf', 'at'].map((name) => patch(name, heard));
  midway.disarm();
  for (let index = 0; index < undo.length; index += 1) undo[index]();
  seen.midway = (seen.midway ?? 0) + 1;
});
new Cart().add('x', 1).add('y', 1);

// A handler that throws is not heard of.
const bad = arm('shop.cjs', 'add', () => { throw new Error('ours'); });
new Cart().add('x', 1);
bad.disarm();

// Exact counts on a hot line, with the code optimised and running.
let passes = 0;
loop(100_000);
const hot = arm('shop.cjs', 'loop', () => { passes += 1; });
seen.nothingSoFar = passes;
seen.loop = loop(1_000_000);
seen.passes = passes;
hot.disarm();
loop(1_000);
seen.after = passes;
seen.noStatement = arm('shop.cjs', 'loop', () => undefined).armed !== undefined && globalThis[Symbol.for('load-time')].arm(hot.id, hot.offset + 1, () => undefined) === undefined;
hot.disarm();

// The token of each activation, over an await.
const spans = kept('spans');
let started = 0;
arm('shop.cjs', 'start', (token) => (token ? 'wrong' : ++started));
arm('shop.cjs', 'end', (token, values) => { spans.push([token, values.length > 0]); return token; });

// A whole async function, from its entry to its end, also when it throws; one that is not async has none.
const wholes = kept('wholes');
const armFunction = globalThis[Symbol.for('arm-function')];
const whole = armFunction('shop.cjs', 'async function fails', (token, values) => {
  wholes.push(token === undefined ? ['entry', values[whole.armed.names.indexOf('wait')]] : ['end', token, values.length]);
  return token === undefined ? wholes.length : 'ended';
});
seen.inOrder = ['around', 'within'].map((name) => armFunction('shop.cjs', `async function ${name}`, () => 1).has);
seen.wholeLoop = armFunction('shop.cjs', 'function loop', () => 1).has;
const failing = Promise.allSettled([fails(7), fails(8)]).then(() => {
  whole.disarm();
  return fails(9).catch(() => undefined);
});

// A function as text, in a thread and a context that know nothing of us; the probe is armed.
const vm = require('node:vm');
arm('shop.cjs', 'loop', () => { passes += 1; });
seen.elsewhere = vm.runInNewContext(`(${loop})(5)`);
Promise.all([slow('a'), slow('b'), slow('c'), failing]).then((labels) => {
  labels.pop();
  seen.labels = labels;
  seen.early = early();
  const { Worker } = require('node:worker_threads');
  new Worker(`require('worker_threads').parentPort.postMessage((${loop})(4))`, { eval: true, execArgv: [] }).on('message', (value) => {
    seen.thread = value;
    Object.freeze(globalThis);
    seen.frozen = arm('shop.cjs', 'add', () => undefined).armed === undefined;
    console.log(JSON.stringify(seen));
  });
});
