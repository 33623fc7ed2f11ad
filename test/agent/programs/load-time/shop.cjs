'use strict';
const rate = 0.5;
class Cart {
  #items = [];
  add(name, price) {
    this.#items.push({ name, price });
    return this; // <- add
  }
  total(discount = 0) {
    let sum = 0;
    for (const item of this.#items) {
      const price = item.price * rate; // <- price
      sum += price; // <- sum
    }
    return sum - discount; // <- total
  }
}
/** Closures that live on while probes come and go. */
function counter() {
  let count = 0;
  return () => {
    count += 1; // <- count
    return count;
  };
}
async function slow(name) {
  const label = `<${name}>`; // <- start
  await new Promise((resolve) => setImmediate(resolve));
  return label; // <- end
}
async function fails(wait) {
  await wait;
  throw new Error('failed');
}
// No call can stand before the inner function, so that its own statement comes first.
async function around() {
  async function within() {
    return 1;
  }
  return within();
}
function early() {
  return late; // <- dead
}
function loop(times) {
  let sum = 0;
  for (let turn = 0; turn < times; turn += 1)
    sum += turn; // <- loop
  return sum;
}
module.exports = { Cart, counter, slow, fails, early, loop };
try {
  early();
} catch {
  module.exports.wasDead = true;
}
const late = 1;
