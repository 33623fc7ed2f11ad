exports.add = function add(left, right) {
  const sum = left + right;
  return sum; // <- sum
};

exports.loop = function loop(times) {
  let total = 0;
  for (let index = 0; index < times; index += 1) {
    total += index; // <- loop
  }
  return total;
};

exports.wait = async function wait(ms) {
  const before = Date.now(); // <- wait start
  await new Promise((resolve) => setTimeout(resolve, ms));
  return Date.now() - before; // <- wait end
};

exports.waitAll = async function waitAll(...times) {
  return await Promise.all(times.map((ms) => exports.wait(ms)));
};

exports.busy = function busy(ms, fails) {
  const end = performance.now() + ms; // <- busy
  while (performance.now() < end);
  if (fails) throw new Error('busy failed');
  return ms;
};

exports.tryBusy = function tryBusy(ms, fails) {
  try {
    return exports.busy(ms, fails);
  } catch {
    return -1;
  }
};

exports.buy = function buy(order) {
  const total = order.price * order.count;
  return total; // <- buy
};
