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

/** Looks into short lists, and now and then into a long one; gives the microseconds that these have taken. */
exports.lookOften = function lookOften(times) {
  const short = [1];
  const long = Array.from({ length: 10_000 }, (_, index) => index);
  let longMs = 0;
  for (let turn = 1; turn <= times; turn += 1) {
    const isLong = turn > times / 2 && turn % 16 === 8;
    const startMs = performance.now();
    look(isLong ? long : short);
    if (isLong) longMs += performance.now() - startMs;
  }
  return longMs * 1_000;
};

function look(list) {
  return list.length; // <- look
}
