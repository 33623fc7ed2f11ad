// Runs until it is told on stdin to end, and says what it worked out.
const { price } = require('./ticks-price.cjs');

let sum = 0;
function tick(step) {
  sum += price(step); // <- here
  return sum;
}
const ticking = setInterval(() => tick(2), 20);
process.stdin.once('data', () => {
  clearInterval(ticking);
  process.stdin.destroy();
  console.log(sum > 0 && sum % 6 === 0 ? 'right' : 'wrong');
});
