import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { changePrice, importPrices, listProducts, type Price } from './catalog.ts';
import type { Booking, Cart, Checkout } from './checkout.ts';
import { couponByCode, couponFromLink } from './coupons.ts';
import { findCustomer } from './customers.ts';
import type { PointsBook } from './points.ts';
import { Problem } from './problem.ts';

type Handler = (request: IncomingMessage, url: URL) => unknown;

const maxBodyBytes = 64 * 1024;
const latestCount = 50;

/** The shop's HTTP side, not listening yet. */
export function createShop(checkout: Checkout, points: PointsBook): Server {
  const routes: [method: string, path: RegExp, handler: Handler][] = [
    ['GET', /^\/$/, () => checkout.totals()],
    ['GET', /^\/products$/, () => listProducts()],
    ['PUT', /^\/products\/[^/]+$/, async (request, url) => setPrice(await readBody(request), url)],
    ['POST', /^\/products\/prices$/, async (request) => setPrices(await readBody(request))],
    ['GET', /^\/customers\/[^/]+$/, (_request, url) => showCustomer(points, url)],
    ['GET', /^\/orders$/, () => checkout.latest(latestCount).map(receipt)],
    ['GET', /^\/orders\/[^/]+$/, (_request, url) => showOrder(checkout, url)],
    ['POST', /^\/orders$/, (request, url) => createOrder(checkout, request, url)],
  ];

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const url = readUrl(request);
      const route = routes.find(([method, path]) => method === request.method && path.test(url.pathname));
      if (!route) throw new Problem(404, `There is no ${request.method} ${url.pathname}.`);
      send(response, request.method === 'POST' ? 201 : 200, await route[2](request, url));
    } catch (error) {
      const known = error instanceof Problem;
      send(response, known ? error.status : 500, { error: known ? error.message : 'Something went wrong here.' });
    }
  }

  return createServer((request, response) => void answer(request, response));
}

function showOrder(checkout: Checkout, url: URL): unknown {
  const id = url.pathname.slice('/orders/'.length);
  const booking = checkout.find(id);
  if (!booking) throw new Problem(404, `There is no order ${id}.`);
  return receipt(booking);
}

function showCustomer(points: PointsBook, url: URL): unknown {
  const id = url.pathname.slice('/customers/'.length);
  const customer = findCustomer(id);
  if (!customer) throw new Problem(404, `There is no customer ${id}.`);
  return { id, name: customer.name, loyalty: customer.loyalty, points: points.of(id) };
}

function setPrice(body: unknown, url: URL): unknown {
  const { price } = Object(body) as Record<string, unknown>;
  changePrice({ sku: url.pathname.slice('/products/'.length), price: Number(price) });
  return listProducts();
}

function setPrices(body: unknown): unknown {
  if (!Array.isArray(body)) throw new Problem(400, 'Prices are sent as a list.');
  const prices = body.map((each: unknown): Price => {
    const { sku, price } = Object(each) as Record<string, unknown>;
    return { sku: String(sku), price: Number(price) };
  });
  importPrices(prices);
  return listProducts();
}

async function createOrder(checkout: Checkout, request: IncomingMessage, url: URL): Promise<unknown> {
  const cart = readCart(await readBody(request), url);
  return receipt(await checkout.place(cart));
}

function readUrl(request: IncomingMessage): URL {
  const text = `http://shop${request.url}`;
  if (!URL.canParse(text)) throw new Problem(400, 'That is not an address in this shop.');
  return new URL(text);
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBodyBytes) throw new Problem(413, `An order has at most ${maxBodyBytes} bytes.`);
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new Problem(400, 'An order is sent as JSON.');
  }
}

function readCart(body: unknown, url: URL): Cart {
  const { customer, items, coupon } = Object(body) as Record<string, unknown>;
  if (!Array.isArray(items)) throw new Problem(400, 'An order has a list of items.');
  const lines = items.map((item: unknown) => {
    const { sku, quantity } = Object(item) as Record<string, unknown>;
    return { sku: String(sku), quantity: Number(quantity) };
  });
  const typed = typeof coupon === 'string' && coupon !== '' ? couponByCode(coupon) : undefined;
  return { customerId: String(customer), lines, coupon: typed ?? couponFromLink(url.searchParams) };
}

/** What the customer gets to see of an order. */
function receipt({ order, quote }: Booking): unknown {
  return {
    id: order.id,
    placedAt: order.placedAt,
    status: order.status,
    customer: { id: order.customer.id, name: order.customer.name, loyalty: order.customer.loyalty },
    country: order.customer.address.country,
    items: order.items.map(({ product, quantity, discounts }) => ({
      sku: product.sku,
      quantity,
      price: product.price,
      discounts: Object.fromEntries(discounts),
    })),
    coupon: order.coupon,
    subtotal: quote.subtotal,
    discount: quote.discount,
    shipping: quote.shipping,
    customs: quote.customs,
    total: order.total,
    points: order.points,
    bins: order.bins,
  };
}

function send(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  response.end(text);
}
