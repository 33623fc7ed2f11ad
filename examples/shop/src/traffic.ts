import { workInTheBackOffice } from './back-office.ts';
import { listProducts } from './catalog.ts';
import { type Coupon, couponLink } from './coupons.ts';
import { type Customer, listCustomers } from './customers.ts';

/** Traffic under way; `stop` sends nothing more. */
export interface Traffic {
  stop(): void;
}

interface Shopper {
  /** Of a hundred orders, how many are like this. */
  share: number;
  typed?: string;
  link?: Coupon;
}

interface Cart {
  shopper: Shopper;
  items: { sku: string; quantity: number }[];
  customer: Customer;
}

const shoppers: Shopper[] = [
  { share: 45 },
  { share: 15, typed: 'WELCOME10' },
  { share: 10, typed: 'TEATIME15' },
  { share: 12, typed: 'SPRING5' },
  { share: 18, link: { code: 'SPRING5', percent: 5 } },
];

/** Between two orders: half of this up to one and a half times this. */
const meanPauseMs = 200;
const maxWaitMs = 5_000;
const browsingShare = 0.3;
/** Every so many visits a family shops: two orders at a time on one account. */
const familyEvery = 5;

/** Shops at `shop` a few times a second, the same way each time for the same seed. */
export function startTraffic(shop: string, seed: number): Traffic {
  const random = seededRandom(seed);
  let stopped = false;
  let visits = 0;
  let timer: NodeJS.Timeout | undefined;

  async function visit(): Promise<void> {
    visits += 1;
    try {
      const signal = AbortSignal.timeout(maxWaitMs);
      await workInTheBackOffice(shop, visits, signal);
      if (random() < browsingShare) await browse(shop, random, signal);
      const cart = fillCart(random);
      const carts = visits % familyEvery === 0 ? [cart, { ...fillCart(random), customer: cart.customer }] : [cart];
      await Promise.all(carts.map((each) => order(shop, each, signal)));
    } catch {
      // A shopper who gets no answer goes away; the next one tries again.
    }
    if (!stopped) timer = setTimeout(visit, meanPauseMs * (0.5 + random()));
  }

  void visit();
  return {
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

async function browse(shop: string, random: () => number, signal: AbortSignal): Promise<void> {
  const response = await fetch(`${shop}${pick(['/', '/products', '/orders'], random)}`, { signal });
  await response.text();
}

function fillCart(random: () => number): Cart {
  const shopper = pickShopper(random);
  const lines = 1 + Math.floor(random() * 3);
  const items = Array.from({ length: lines }, () => ({
    sku: pick(listProducts(), random).sku,
    // Most people buy one or two of a thing, a few buy for an office.
    quantity: random() < 0.85 ? 1 + Math.floor(random() * 3) : 5 + Math.floor(random() * 8),
  }));
  return { shopper, items, customer: pick(listCustomers(), random) };
}

async function order(shop: string, { shopper, items, customer }: Cart, signal: AbortSignal): Promise<void> {
  const response = await fetch(`${shop}/orders${shopper.link ? couponLink(shopper.link) : ''}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ customer: customer.id, items, coupon: shopper.typed }),
    signal,
  });
  await response.text();
}

function pickShopper(random: () => number): Shopper {
  let left = random() * shoppers.reduce((sum, shopper) => sum + shopper.share, 0);
  for (const shopper of shoppers) {
    left -= shopper.share;
    if (left < 0) return shopper;
  }
  return { share: 0 };
}

function pick<T>(values: readonly T[], random: () => number): T {
  const value = values[Math.floor(random() * values.length)];
  if (value === undefined) throw new RangeError('There is nothing to pick from.');
  return value;
}

/** Numbers from 0 up to 1 by Marsaglia's xorshift with 32 bits. */
function seededRandom(seed: number): () => number {
  let state = seed | 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
