// The program of the contract suite: a simulated agent pretends to run this text, a real one runs it. Told on stdin what to do.
import { createInterface } from 'node:readline';

let made = 0;

function priceOf(order) {
  const startedAt = performance.now(); // <- start
  while (performance.now() - startedAt < order.ms);
  const total = order.price * order.quantity;
  return total; // <- price
}

function pass(ms) {
  made += 1;
  const order = { id: made, price: made, quantity: 2, ms, password: 'hunter2-contract', note: made % 2 === 0 ? 'even' : null };
  return priceOf(order); // <- call
}

async function later(ms) {
  const waited = { ms }; // <- before
  await new Promise((resolve) => setTimeout(resolve, ms));
  return waited; // <- behind
}

createInterface({ input: process.stdin }).on('line', async (line) => {
  const { count, ms, isLater } = JSON.parse(line);
  for (let index = 0; index < count; index += 1) {
    if (isLater) await later(ms);
    else pass(ms);
  }
  console.log(`passed ${made}`);
});
process.stdin.on('end', () => process.exit(0));
console.log('ready');
