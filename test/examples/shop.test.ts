import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { BuiltShop, mark, sources } from './built-shop.ts';

interface Receipt {
  id: string;
  status: string;
  customer: { loyalty: 'none' | 'silver' | 'gold' };
  items: { sku: string; quantity: number }[];
  coupon: string | null;
  subtotal: number;
  discount: number;
  shipping: number;
  total: number;
}

const askAgainMs = 50;
const percentByCoupon: Record<string, number> = { SPRING5: 5, WELCOME10: 10, TEATIME15: 15 };
const percentByLoyalty = { none: 0, silver: 5, gold: 10 };
const oneKettle = { customer: 'C-102', items: [{ sku: 'KETTLE', quantity: 1 }] };

describe('the sample shop', () => {
  let built: BuiltShop;

  beforeAll(() => {
    built = new BuiltShop();
  }, 60_000);
  afterEach(() => built.endAll());
  afterAll(() => built.remove());

  test('compiles to programs with source maps that hold the original text', () => {
    expect(built.compiled).toEqual({ status: 0, output: '' });
    for (const [program, source] of [
      ['main.js', 'main.ts'],
      ['checkout.js', 'checkout.ts'],
      ['shipping.cjs', 'shipping.cts'],
    ]) {
      const map = JSON.parse(readFileSync(join(built.folder, `${program}.map`), 'utf8')) as { sourcesContent?: string[] };
      expect(map.sourcesContent).toEqual([readFileSync(join(sources, `${source}`), 'utf8')]);
    }
  });

  test('marks exactly one line, in checkout.ts', () => {
    const marked = readdirSync(sources).flatMap((name) =>
      readFileSync(join(sources, name), 'utf8')
        .split('\n')
        .filter((line) => line.includes(mark))
        .map(() => name),
    );
    expect(marked).toEqual(['checkout.ts']);
  });

  test('prints one line, serves on the port it was given, and ends with code 0 on SIGTERM', async () => {
    const port = await freePort();
    const shop = await built.start(['--no-traffic'], { PORT: String(port) });
    expect(shop.url).toBe(`http://127.0.0.1:${port}`);
    expect(await (await fetch(`${shop.url}/products`)).json()).toContainEqual(
      expect.objectContaining({ sku: 'KETTLE', price: 89 }),
    );
    expect(await (await fetch(shop.url)).json()).toEqual({ orders: 0, turnover: 0 });
    expect(await shop.end()).toEqual({ code: 0, signal: null });
    expect(shop.printed).toEqual([`{"shop":"http://127.0.0.1:${port}"}`]);
  });

  test('ends at once on SIGTERM although a request is only half sent', async () => {
    const shop = await built.start(['--no-traffic']);
    let send = (_text: string): void => {};
    const body = new ReadableStream({
      start: (controller) => {
        send = (text) => controller.enqueue(new TextEncoder().encode(text));
      },
    });
    const order = fetch(`${shop.url}/orders`, { method: 'POST', body, duplex: 'half' });
    const cutOff = expect(order).rejects.toThrow();
    send('{"customer":');
    await getJson(shop.url);
    expect(await shop.end()).toEqual({ code: 0, signal: null });
    await cutOff;
  });

  test('passes the marked line at least once a second by its own traffic', async () => {
    const coverage = mkdtempSync(join(built.folder, 'coverage-'));
    const shop = await built.start([], { NODE_V8_COVERAGE: coverage });
    const startedAt = performance.now();
    const orders = await until(async () => {
      const totals = await getJson<{ orders: number }>(shop.url);
      return totals.orders >= 4 ? totals.orders : undefined;
    });
    const seconds = (performance.now() - startedAt) / 1_000;
    await shop.end();

    expect(built.passesOfMarkedLine(coverage)).toBeGreaterThanOrEqual(orders);
    expect(orders / seconds).toBeGreaterThan(1);
  });

  test('shows the planted bug in receipts: some, but not all, with SPRING5 and nobody else', async () => {
    const shop = await built.start([]);
    const receipts = await until(async () => {
      const latest = await getJson<Receipt[]>(`${shop.url}/orders`);
      return latest.filter(isWrong).length >= 2 ? latest : undefined;
    });
    const wrong = receipts.filter(isWrong);
    expect(new Set(wrong.map((receipt) => receipt.coupon))).toEqual(new Set(['SPRING5']));
    expect(wrong.every((receipt) => receipt.discount > fairDiscount(receipt))).toBe(true);

    const typed = await buy(shop.url, { ...oneKettle, coupon: 'SPRING5' });
    expect(typed.status).toBe(201);
    const receipt = (await typed.json()) as Receipt;
    expect(receipt).toMatchObject({ coupon: 'SPRING5', status: 'paid', subtotal: 89, discount: 13.35 });
    expect(isWrong(receipt)).toBe(false);
    expect(await getJson(`${shop.url}/orders/${receipt.id}`)).toEqual(receipt);
  });

  test('brings the same shoppers for the same seed and others for another', async () => {
    const [first, again, other] = await Promise.all([firstCarts('7'), firstCarts('7'), firstCarts('8')]);
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
  });

  async function firstCarts(seed: string): Promise<unknown[]> {
    const shop = await built.start(['--seed', seed]);
    const receipts = await until(async () => {
      const latest = await getJson<Receipt[]>(`${shop.url}/orders`);
      return latest.length >= 4 ? latest.reverse().slice(0, 4) : undefined;
    });
    await shop.end();
    return receipts.map(({ items, coupon, customer }) => ({ items, coupon, customer }));
  }

  test.each([
    ['text that is not JSON', '', '{', 400, 'An order is sent as JSON.'],
    ['no order at all', '', 'null', 400, 'An order has a list of items.'],
    ['an empty cart', '', { ...oneKettle, items: [] }, 400, 'The cart is empty.'],
    ['an unknown customer', '', { ...oneKettle, customer: '?' }, 400, 'There is no customer ?.'],
    ['an unknown product', '', { ...oneKettle, items: [{ sku: '?', quantity: 1 }] }, 400, 'There is no product ?.'],
    ['half a kettle', '', { ...oneKettle, items: [{ sku: 'KETTLE', quantity: 0.5 }] }, 400, 'whole number from 1 to 100'],
    ['an unknown coupon', '', { ...oneKettle, coupon: 'FREE' }, 400, 'There is no coupon FREE.'],
    ['a link nobody signed', '?code=SPRING5&percent=90&signature=00', oneKettle, 400, 'incomplete or was changed'],
    ['an order that is too long', '', 'x'.repeat(70_000), 413, 'at most 65536 bytes'],
  ])('refuses %s with a sentence and goes on', async (_name, query, body, status, sentence) => {
    const shop = await built.start(['--no-traffic']);
    const response = await buy(shop.url, body, query);
    expect(response.status).toBe(status);
    expect(((await response.json()) as { error: string }).error).toContain(sentence);
    expect((await buy(shop.url, oneKettle)).status).toBe(201);
  });

  test('explains a setting it cannot use and ends with code 2', async () => {
    const child = built.spawn(['--port', '70000']);
    let said = '';
    child.stderr?.on('data', (chunk) => {
      said += chunk;
    });
    const [code] = await once(child, 'close');
    expect(code).toBe(2);
    expect(said).toContain('That is not a port.');
  });
});

function buy(shop: string, order: unknown, query = ''): Promise<Response> {
  const body = typeof order === 'string' ? order : JSON.stringify(order);
  return fetch(`${shop}/orders${query}`, { method: 'POST', body });
}

async function getJson<T>(url: string): Promise<T> {
  const response = await fetch(url);
  expect(response.status).toBe(200);
  return (await response.json()) as T;
}

function fairDiscount({ coupon, customer, subtotal }: Receipt): number {
  const percent = (coupon === null ? 0 : (percentByCoupon[coupon] ?? 0)) + percentByLoyalty[customer.loyalty];
  return (subtotal * percent) / 100;
}

function isWrong(receipt: Receipt): boolean {
  return Math.abs(receipt.discount - fairDiscount(receipt)) > 0.01;
}

/** Asks until there is an answer; the test's own time limit ends it otherwise. */
async function until<T>(ask: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await delay(askAgainMs);
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('There is no port.');
  return address.port;
}
