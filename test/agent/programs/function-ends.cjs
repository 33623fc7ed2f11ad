// Functions whose beginning and ends are looked for; `in` marks the line that is asked. One without marks of its ends has none that V8 can tell.
exports.plain = function plain(x) {
  const list = [1, 2].map((one) => one + x); // <- plain entry
  if (x > 1) return list; // <- plain return
  const inner = function inside() {
    return 1; // <- inside entry return in
  };
  return inner() + x; // <- plain return in
};
exports.methods = class {
  async go(x) {
    await x; // <- methods entry in
    const all = [() => x, (y) => ({ y })]
    for (const one of all) if (one() === 3) throw new Error('three')
    if (x > 2) return all.map((one) => one()); // <- methods return
    const more = function* () { yield 1; return 2 }
    all.push(more)
  } // <- methods return
};
exports.arrow = (x) => x + 1; // <- arrow entry return in
exports.empty = () => {}; // <- empty in
exports.loose = function loose(x) {
  const half = x / 2 // <- loose in
  if (x > 5) return half;
  return () => half
}
