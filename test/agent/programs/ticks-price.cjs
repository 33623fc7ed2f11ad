exports.price = (count) => {
  const each = 3;
  return count * each; // <- price
};
