// Waits for a word on stdin, works for a while, and says what came of it. Its argument names what it does before.
let kept;
function work(step) {
  const square = step * step;
  return square % 7; // <- here
}

const befores = {
  nothing: () => undefined,
  /** Nothing can be changed any more, the global object included. */
  freezes() {
    const { ownKeys, getOwnPropertyDescriptor } = Reflect;
    const seen = new Set();
    const freeze = (thing) => {
      if ((typeof thing !== 'object' && typeof thing !== 'function') || thing === null || seen.has(thing) || ArrayBuffer.isView(thing)) return;
      seen.add(thing);
      const descriptors = ownKeys(thing).map((key) => getOwnPropertyDescriptor(thing, key));
      Object.freeze(thing);
      for (const { value, get, set } of descriptors) for (const next of [value, get, set]) freeze(next);
      freeze(Object.getPrototypeOf(thing));
    };
    const names = 'Object Function Array Map Set Promise String Number Boolean Symbol BigInt RegExp Date Error Reflect JSON Math Atomics URL';
    for (const name of names.split(' ')) freeze(globalThis[name]);
    Object.freeze(globalThis);
  },
  /** Most of the heap it may have. */
  fills: () => {
    kept = Array.from({ length: 320_000 }, (_, index) => ({ index, next: [index] }));
  },
  /** A debugger of its own, in the same thread. */
  debugs() {
    const { Session } = require('node:inspector');
    const session = new Session();
    session.connect();
    let paused = 0;
    session.on('Debugger.paused', () => (paused += 1));
    session.post('Debugger.enable');
    session.post('Debugger.setBreakpointByUrl', { lineNumber: 4, urlRegex: 'works\\.cjs$', condition: 'step % 100 === 0' });
    process.on('exit', () => console.log(`paused ${paused}`));
  },
};

befores[process.argv[2] ?? 'nothing']();
process.stdin.once('data', () => {
  let sum = 0;
  let round = 0;
  const turn = () => {
    for (let step = 0; step < 50; step += 1) sum += work(round * 50 + step);
    round += 1;
    if (round < 40) setTimeout(turn, 5);
    else console.log(`worked: ${sum}${kept === undefined ? '' : `, kept ${kept.length}`}`);
  };
  turn();
  process.stdin.destroy();
});
console.log('ready');
