// Takes orders ten times a second; some of its lines are the same text.
let orders = 0;

function netOf(order) {
  const total = order.items.reduce((sum, item) => sum + item.price, 0);
  return total;
}

function grossOf(order) {
  const total = netOf(order) * 1.2;
  return total; // <- gross
}

function take(order) {
  const quote = grossOf(order);
  if (quote < 0) return undefined;
  const booked = { ...order, quote };
  return booked; // <- booked
}

setInterval(() => {
  orders += 1;
  take({ id: orders, items: [{ price: orders }, { price: 2 }], customer: { tier: 'gold' } });
}, 100);
console.log('ready');
