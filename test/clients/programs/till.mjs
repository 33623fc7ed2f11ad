// A till that rings up the same order, twenty times a second.
const everyMs = 50;

function ring(order) {
  const paid = order.items.reduce((sum, { price, quantity }) => sum + price * quantity, 0);
  return { ...order, paid }; // <- here
}

setInterval(() => ring({ id: 'A-7', customer: 'Ada', items: [{ sku: 'KETTLE', price: 19.5, quantity: 2 }] }), everyMs);
