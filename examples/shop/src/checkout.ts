import { setTimeout as delay } from 'node:timers/promises';
import { findProduct } from './catalog.ts';
import type { Coupon } from './coupons.ts';
import { type Customer, findCustomer } from './customers.ts';
import type { PointsBook } from './points.ts';
import { type Item, priceItem, type Quote, quoteOrder } from './pricing.ts';
import { Problem } from './problem.ts';
import { findBin } from './warehouse.ts';

/** What somebody wants to buy. */
export interface Cart {
  customerId: string;
  lines: { sku: string; quantity: number }[];
  coupon: Coupon | undefined;
}

/** A cart that was bought. Amounts are euros. */
export interface Order {
  id: string;
  placedAt: Date;
  status: 'open' | 'paid';
  customer: Customer;
  items: Item[];
  coupon: string | null;
  total: number;
  /** Points the customer earned with it. */
  points: number;
  /** Where its pieces lie, as `B/7`. */
  bins: string[];
}

/** An order together with how its price came about. */
export interface Booking {
  order: Order;
  quote: Quote;
}

/** Orders the shop remembers; older ones are forgotten, so that it can run for weeks. */
const maxBookings = 500;
const maxQuantity = 100;
const paymentMs = 5;

/** Takes carts, makes orders of them and keeps the latest. */
export class Checkout {
  #bookings = new Map<string, Booking>();
  #lastNumber = 1000;
  #turnover = 0;
  #points: PointsBook;

  constructor(points: PointsBook) {
    this.#points = points;
  }

  /** Buys a cart: prices it, books it, waits for the payment and writes the packing slip. */
  async place(cart: Cart): Promise<Booking> {
    const order = this.open(cart);
    const booking = this.settle(order, cart.coupon);
    await delay(paymentMs);
    order.points = await this.#points.earn(order.customer, order.id, order.total);
    for (const { product } of order.items) {
      const { hall, shelf } = await findBin(product.sku);
      order.bins.push(`${hall}/${shelf}`);
    }
    order.status = 'paid';
    return booking;
  }

  /** The booking of an order number, while it is remembered. */
  find(id: string): Booking | undefined {
    return this.#bookings.get(id);
  }

  /** The latest bookings, newest first. */
  latest(count: number): Booking[] {
    return [...this.#bookings.values()].slice(-count).reverse();
  }

  /** Orders taken since the start, and the euros they brought. */
  totals(): { orders: number; turnover: number } {
    return { orders: this.#lastNumber - 1000, turnover: Math.round(this.#turnover * 100) / 100 };
  }

  private open(cart: Cart): Order {
    const customer = findCustomer(cart.customerId);
    if (!customer) throw new Problem(400, `There is no customer ${cart.customerId}.`);
    if (cart.lines.length === 0) throw new Problem(400, 'The cart is empty.');
    const items = cart.lines.map(({ sku, quantity }) => {
      const product = findProduct(sku);
      if (!product) throw new Problem(400, `There is no product ${sku}.`);
      if (!Number.isInteger(quantity) || quantity < 1 || quantity > maxQuantity) {
        throw new Problem(400, `A quantity is a whole number from 1 to ${maxQuantity}.`);
      }
      return priceItem(product, quantity);
    });
    this.#lastNumber += 1;
    const id = `A-${this.#lastNumber}`;
    const coupon = cart.coupon?.code ?? null;
    return { id, placedAt: new Date(), status: 'open', customer, items, coupon, total: 0, points: 0, bins: [] };
  }

  private settle(order: Order, coupon: Coupon | undefined): Booking {
    const quote = quoteOrder(order.items, order.customer, coupon);
    order.total = quote.total;
    return this.book(order, quote);
  }

  private book(order: Order, quote: Quote): Booking {
    const booking = { order, quote };
    this.#bookings.set(order.id, booking); // <- here
    this.#turnover += order.total;
    const oldest = this.#bookings.keys().next().value;
    if (this.#bookings.size > maxBookings && oldest !== undefined) this.#bookings.delete(oldest);
    return booking;
  }
}
