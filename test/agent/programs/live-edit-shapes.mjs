// Functions of every shape, made before their code is changed.
const made = [];
for (let index = 0; index < 3; index += 1) made.push(() => { return index * 2; });
class Account {
  #balance;
  constructor(balance) { this.#balance = balance; this.fresh = new.target === Account; }
  get balance() { return this.#balance; }
  set balance(value) { this.#balance = value; }
  #double() { return this.#balance * 2; }
  static of(balance) { return new Account(balance); }
  doubled() {
    const hidden = this.#double();
    return hidden + (#balance in this ? 0 : 1);
  }
  *parts(count) { for (let part = 0; part < count; part += 1) { yield part; } }
  async later() { await null; return this.#balance; }
}
class Savings extends Account { constructor(balance) { super(balance); this.kind = 'savings'; } own() { return super.doubled(); } }
const old = new Account(5);
function defaults(first = (() => { return 1; })(), { second = first + 1 } = {}, ...rest) { return first + second + rest.length; }
const curried = (a) => (b) => (c) => { return a + b + c; };
const half = curried(1)(2);
function ways(value) {
  outer: for (let turn = 0; turn < 3; turn += 1) {
    switch (value) {
      case 0: continue outer;
      case 1: { break outer; }
      default: value = 0;
    }
  }
  try { throw value; } catch (error) { value = error; } finally { value += 1; }
  return value;
}
function sloppy(argument) { return argument + 8; }
const bound = function (more) { return this.base + more; }.bind({ base: 1 });
const object = { get one() { return 1; }, method() { return super.toString === Object.prototype.toString; }, ['two']: async () => { return 2; } };
let count = 0;
const early = (() => { let inner = 0; return { add() { return (inner += 1); }, read: () => { return inner; } }; })();
const chosen = (value) => value > 1 ? (() => { return 'big'; })() : (function () { return 'small'; })();
const matched = (text) => text.replace(/a(.)/g, (_, letter) => { return letter.toUpperCase(); });

export const run = async () => {
  count += 1;
  early.add();
  const savings = new Savings(3);
  old.balance = 6;
  const path = await import('node:path');
  const system = await import('node:os');
  return JSON.stringify([
    made.map((one) => one()), old.balance, old.doubled(), Account.of(1).doubled(), savings.own(), savings.kind, [...old.parts(3)],
    await old.later(), old.fresh, savings.fresh, defaults(), defaults(2, { second: 3 }, 4), half(3), curried(0)(0)(1), ways(0), ways(1),
    ways(2), sloppy(1), bound(2), object.one, object.method(), await object.two(), early.read() === count, chosen(1), chosen(2),
    matched('abac'), typeof path.join, typeof system.cpus,
  ]);
};

async function* ticking() {
  let tick = 0;
  while (true) {
    yield tick;
    tick += 1;
  }
}
export { ticking };
export const hot = (value) => {
  let sum = value;
  for (let index = 0; index < 10; index += 1) sum += index;
  return sum;
};
