// A place with names around it, for expressions that misspell them.
const catalog = { soup: 4 };
function priceOf(name) {
  return catalog[name];
}
exports.checkout = function checkout(order, booking) {
  const quote = priceOf(order.item);
  if (quote > 0) {
    const total = quote * order.count;
    return total + booking; // <- here
  }
  return 0;
};
exports.many = function many() {
  const [alpha0, alpha1, alpha2, alpha3, alpha4, alpha5, alpha6, alpha7, alpha8, alpha9] = [];
  const [beta0, beta1, beta2, beta3, beta4, beta5, beta6, beta7, beta8, beta9, gamma] = [];
  return [alpha0, alpha1, alpha2, alpha3, alpha4, alpha5, alpha6, alpha7, alpha8, alpha9, beta0, beta1, beta2, beta3, beta4, beta5, beta6, beta7, beta8, beta9, gamma]; // <- many
};
