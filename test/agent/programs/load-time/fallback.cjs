// What calls put before statements cannot observe.
const rate = 1.25;
const spin = (ms) => {
  const end = performance.now() + ms;
  while (performance.now() < end);
  return ms;
};
const inner = 3; exports.inside = () => [inner, rate];
class Basket { items = spin(0) + 7; count = 1; } // <- field
exports.Basket = () => new Basket().items;
exports.double = (value) => value * 2; // <- arrow
exports.prices = (items) => {
  const sign = 1;
  return items.map((item) =>
    item.price * sign, // <- nested
  );
};
exports.early = (ms, ends) => { if (ends) return spin(ms);return spin(ms * 2) }; // <- early
exports.deep = function deep(ms, times) {
  const before = performance.now(); if (times > 0) deep(ms, times - 1); // <- deep
  spin(ms);
  return before;
};
exports.steps = function* steps(ms) {
  yield spin(ms); // <- generator
  return ms;
};
exports.unmentioned = (count) => {
  const twice = count * 2;
  return twice; // <- unmentioned
};
exports.wait = async (ms) => {
  await new Promise((resolve) => setTimeout(resolve, ms)); // <- wait
  if (ms > 25) return ms; // <- waited
  return -ms;
};
