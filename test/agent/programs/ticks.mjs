// As ticks.cjs, as an ES module.
import { price } from './ticks-price.cjs';

let sum = 0;
function tick(step) {
  sum += price(step); // <- here
  return sum;
}
const ticking = setInterval(() => tick(2), 20);
process.stdin.once('data', function end() {
  // Not before there is something to say.
  if (sum === 0) {
    setTimeout(end, 20);
    return;
  }
  clearInterval(ticking);
  process.stdin.destroy();
  console.log(sum % 6 === 0 ? 'right' : 'wrong');
});
