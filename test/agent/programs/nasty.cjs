const ran = [];
const note = (name) => () => { ran.push(name); return 1; };
class Card { number = '4111'; get brand() { ran.push('brand'); return 'x'; } pay() { ran.push('pay'); } }
const traps = Object.fromEntries(Object.getOwnPropertyNames(Reflect).map((name) => [name, (...args) => { if (watching) ran.push(name); return Reflect[name](...args); }]));
let watching = false;

exports.ran = () => ran;
exports.run = function () {
  return receive.call({ name: 'receiver' });
};

function receive() {
  const unused = 'gone';
  void unused;
  const order = { id: 7, get trap() { ran.push('trap'); return 1; }, pay: note('pay') };
  const card = new Card();
  const proxy = new Proxy({}, traps);
  const behind = Object.create({ anything: 1 });
  const tricky = { valueOf: note('valueOf'), toString: note('toString'), [Symbol.toPrimitive]: note('toPrimitive'), [Symbol.iterator]: note('iterator') };
  const items = ['a', 'b', 'c'];
  Object.defineProperty(items, Symbol.iterator, { value: note('items') });
  const map = new Map([[1, 2]]);
  const set = new Set([1, 2]);
  const bytes = new Uint8Array(4);
  const text = 'hello';
  const symbol = Symbol('s');
  const big = 10n;
  const zero = 0n;
  const huge = 1n << 5000n;
  const long = 'x'.repeat(200_000);
  const longer = 'y'.repeat(200_000);
  const million = new Array(1_000_000).fill(7);
  const nothing = null;
  const when = new Date(0);
  const read = () => {
    void [order, card, proxy, behind, tricky, items, map, set, bytes, text, symbol, big, zero, huge, long, longer, million, nothing, when, this];
    watching = true;
    const count = items.length; // <- here
    const late = 1;
    watching = false;
    return count + late;
  };
  return read();
}
