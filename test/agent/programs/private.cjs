const ran = [];
exports.ran = () => ran;
class Card {
  #pin = 1234;
  #owner = { name: 'o', deep: { deeper: { deepest: 1 } } };
  #password = 'hunter2';
  static #made = 0;
  number = '4111';
  get #trap() { ran.push('getter'); return 1; }
  #pay() { ran.push('method'); }
  constructor() {
    Card.#made += 1; // <- made
  }
  check(given) {
    void this.#trap;
    void this.#pay;
    ran.length = 0;
    void this.#password;
    return this.#pin === given && this.#owner !== undefined; // <- method
  }
  later() {
    const run = () => {
      return this.#pin; // <- arrow
    };
    return run();
  }
  peek(other) {
    return other !== this; // <- other
  }
}
exports.check = () => new Card().check(1);
exports.later = () => new Card().later();
exports.foreign = () => Card.prototype.peek.call({ number: 'x', get trap() { ran.push('field'); return 1; } }, 1);
exports.behindProxy = () => {
  const traps = new Proxy({}, { get: (_, trap) => (...args) => { ran.push(trap); return Reflect[trap](...args); } });
  try { Card.prototype.peek.call(new Proxy(new Card(), traps), 1); } catch {}
  return 1;
};
