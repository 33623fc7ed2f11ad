const wide = (count, make) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`field${index}`, make(index)]));
exports.nodes = function () {
  const tree = wide(30, () => wide(30, () => wide(30, () => 1)));
  return tree; // <- nodes
};
exports.bytes = function () {
  const texts = wide(30, () => wide(30, () => '\u0001'.repeat(256)));
  return texts; // <- bytes
};
