import { lineOf, type Scenario } from '../scenario.ts';

/** A shop's checkout with one wrong discount: gold customers get 10 % of the total as the price, not 10 % off. */
export const checkoutSource = `import type { Order } from './order.ts';

/** What an order costs after the customer's discount. */
export function priceOf(order: Order): number {
  const customer = order.customer;
  const total = order.items.reduce((sum, item) => sum + item.price * item.quantity, 0);
  const discount = customer.tier === 'gold' ? 0.9 : customer.tier === 'silver' ? 0.05 : 0;
  const price = total * (1 - discount);
  return price; // <- price
}

export class Checkout {
  orders = 0;

  pay(order: Order): string {
    this.orders += 1;
    const price = priceOf(order); // <- pay
    return \`\${order.id}: \${price.toFixed(2)}\`;
  }
}
`;

export const checkoutFile = 'src/checkout.ts';
export const priceLine = lineOf(checkoutSource, '<- price');
const payLine = lineOf(checkoutSource, '<- pay');

const tiers = ['gold', 'silver', 'none'] as const;
const cities = ['Lisbon', 'Oslo', 'Graz', 'Porto'] as const;

/** The checkout service: every pass is a return from `priceOf`. */
export function checkout(): Scenario {
  let orders = 0;
  return {
    service: 'checkout',
    files: { [checkoutFile]: checkoutSource },
    next(random) {
      orders += 1;
      const tier = random.pick(tiers);
      const items = Array.from({ length: random.integer(1, 4) }, (_, index) => ({
        sku: `sku-${random.integer(100, 999)}`,
        price: random.integer(100, 9_900) / 100,
        quantity: index + 1,
      }));
      const total = items.reduce((sum, item) => sum + item.price * item.quantity, 0);
      const discount = tier === 'gold' ? 0.9 : tier === 'silver' ? 0.05 : 0;
      const customer = { id: random.integer(1, 500), tier, address: { city: random.pick(cities), lines: ['Main Street'] } };
      const order = { id: `o-${orders}`, customer, items };
      return {
        file: checkoutFile,
        line: priceLine,
        function: 'priceOf',
        callers: [{ function: 'Checkout.pay', file: checkoutFile, line: payLine, column: 19 }],
        scopes: [{ kind: 'local', values: { order, customer, total, discount, price: total * (1 - discount) } }],
        pauseMicros: random.integer(80, 400),
        durationMs: 2 ** (items.length - 1) + random.integer(0, 99) / 100,
      };
    },
  };
}
