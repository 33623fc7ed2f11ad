import type { Price } from './catalog.ts';

/** Visits of shoppers between two price lists of the suppliers. */
const importEvery = 12;
/** Prices that somebody types come half-way between two lists. */
const editAt = 6;

const imported: Price[][] = [
  [
    { sku: 'TOWEL-2', price: 27.5 },
    { sku: 'TEA-EARL', price: 12.4 },
  ],
  [
    { sku: 'TOWEL-2', price: 28 },
    { sku: 'TEA-EARL', price: 12.7 },
  ],
];
const typed: Price[] = [
  { sku: 'TEA-MINT', price: 7.6 },
  { sku: 'TEA-MINT', price: 7.2 },
];

/** Changes a price now and then, as the people behind a shop do. */
export async function workInTheBackOffice(shop: string, visits: number, signal: AbortSignal): Promise<void> {
  const round = Math.floor(visits / importEvery);
  if (visits % importEvery === 0) await send(shop, 'POST', '/products/prices', imported[round % imported.length], signal);
  if (visits % importEvery !== editAt) return;
  const { sku, price } = typed[round % typed.length] ?? { sku: '', price: 0 };
  await send(shop, 'PUT', `/products/${sku}`, { price }, signal);
}

async function send(shop: string, method: string, path: string, body: unknown, signal: AbortSignal): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${shop}${path}`, { method, headers, body: JSON.stringify(body), signal });
  await response.text();
}
