import { listProducts } from './catalog.ts';
import { type Coupon, couponLink } from './coupons.ts';
import { listCustomers } from './customers.ts';

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

/** Shops at `shop` a few times a second, the same way each time for the same seed. */
export function startTraffic(shop: string, seed: number): Traffic {
  const random = seededRandom(seed);
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;

  async function visit(): Promise<void> {
    try {
      const signal = AbortSignal.timeout(maxWaitMs);
      if (random() < browsingShare) await browse(shop, random, signal);
      await order(shop, random, signal);
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

async function order(shop: string, random: () => number, signal: AbortSignal): Promise<void> {
  const shopper = pickShopper(random);
  const lines = 1 + Math.floor(random() * 3);
  const items = Array.from({ length: lines }, () => ({
    sku: pick(listProducts(), random).sku,
    // Most people buy one or two of a thing, a few buy for an office.
    quantity: random() < 0.85 ? 1 + Math.floor(random() * 3) : 5 + Math.floor(random() * 8),
  }));
  const response = await fetch(`${shop}/orders${shopper.link ? couponLink(shopper.link) : ''}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ customer: pick(listCustomers(), random).id, items, coupon: shopper.typed }),
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
