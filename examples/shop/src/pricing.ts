import type { Product } from './catalog.ts';
import type { Coupon } from './coupons.ts';
import type { Customer } from './customers.ts';
import { customsFee } from './customs.ts';
import { shippingCost } from './shipping.cts';

/** One line of an order. */
export interface Item {
  product: Product;
  quantity: number;
  /** Euros off this line, by the reason. */
  discounts: Map<string, number>;
}

/** What an order costs and how that came about, in euros. */
export interface Quote {
  subtotal: number;
  /** Percent off the subtotal. */
  percent: number;
  discount: number;
  shipping: number;
  customs: number;
  total: number;
}

const volumeSteps = [
  { quantity: 10, percent: 12 },
  { quantity: 5, percent: 6 },
];

const loyaltyPercent: Record<Customer['loyalty'], number> = { none: 0, silver: 5, gold: 10 };

const freeShippingFrom = 150;

/** One line with the discounts it has by itself. */
export function priceItem(product: Product, quantity: number): Item {
  const discounts = new Map<string, number>();
  const step = volumeSteps.find((candidate) => quantity >= candidate.quantity);
  if (step) discounts.set('volume', toCents((product.price * quantity * step.percent) / 100));
  if (product.sku.startsWith('MUG-') && quantity % 2 === 0) discounts.set('pair', quantity * 0.5);
  return { product, quantity, discounts };
}

/** The price of a whole order: its lines, less coupon and loyalty, with shipping. */
export function quoteOrder(items: Item[], customer: Customer, coupon: Coupon | undefined): Quote {
  const subtotal = toCents(items.reduce((sum, item) => sum + linePrice(item), 0));
  const percent = (coupon?.percent ?? 0) + loyaltyPercent[customer.loyalty];
  const discount = toCents((subtotal * percent) / 100);
  const weightKg = items.reduce((sum, item) => sum + item.product.weightKg * item.quantity, 0);
  const shipping = subtotal >= freeShippingFrom ? 0 : toCents(shippingCost(customer.address.country, weightKg));
  const isGift = items.some((item) => item.product.sku === 'GIFT-BOX');
  const customs = customsFee(customer.address.country, subtotal, isGift);
  return { subtotal, percent, discount, shipping, customs, total: toCents(subtotal - discount + shipping + customs) };
}

function linePrice(item: Item): number {
  let price = item.product.price * item.quantity;
  for (const off of item.discounts.values()) price -= off;
  return price;
}

function toCents(euros: number): number {
  return Math.round(euros * 100) / 100;
}
