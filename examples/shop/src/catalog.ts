import { Problem } from './problem.ts';

/** Something the shop sells. */
export interface Product {
  sku: string;
  name: string;
  /** Euros a piece. */
  price: number;
  weightKg: number;
}

/** A product as the back office keeps it. */
interface Row {
  sku: string;
  name: string;
  price: number;
  grams: number;
  /** Who wrote the price. */
  pricedBy: 'opening' | 'editor' | 'import';
}

/** A price of the back office. */
export interface Price {
  sku: string;
  price: number;
}

const rows = new Map<string, Row>(
  [
    { sku: 'MUG-BLUE', name: 'Stoneware mug, blue', price: 14.5, grams: 400 },
    { sku: 'MUG-SAND', name: 'Stoneware mug, sand', price: 14.5, grams: 400 },
    { sku: 'POT-1L', name: 'Teapot, one litre', price: 42, grams: 1_100 },
    { sku: 'TEA-EARL', name: 'Earl Grey, 250 g', price: 11.9, grams: 300 },
    { sku: 'TEA-MINT', name: 'Peppermint, 100 g', price: 7.2, grams: 150 },
    { sku: 'KETTLE', name: 'Gooseneck kettle', price: 89, grams: 1_800 },
    { sku: 'SCALE', name: 'Kitchen scale', price: 34.9, grams: 900 },
    { sku: 'TOWEL-2', name: 'Linen towels, set of two', price: 26, grams: 350 },
    { sku: 'GIFT-BOX', name: 'Gift box with ribbon', price: 4.5, grams: 200 },
  ].map((row) => [row.sku, { ...row, pricedBy: 'opening' }]),
);

/** Products made ready for the checkout, so that an order does not make them anew. */
const ready = new Map<string, Product>();

/** Everything on sale. */
export function listProducts(): Product[] {
  return [...rows.values()].map(toProduct);
}

/** The product of a stock number, if the shop sells it. */
export function findProduct(sku: string): Product | undefined {
  const row = rows.get(sku);
  if (!row) return undefined;
  const product = ready.get(sku) ?? toProduct(row);
  ready.set(sku, product);
  return product;
}

/** Takes over a price that somebody typed in the back office. */
export function changePrice(price: Price): void {
  write(price, 'editor');
  ready.delete(price.sku);
}

/** Takes over a list of prices from the suppliers' file; all of it or nothing. */
export function importPrices(prices: Price[]): void {
  for (const price of prices) check(price);
  for (const price of prices) write(price, 'import');
}

function write(price: Price, pricedBy: Row['pricedBy']): void {
  const row = check(price);
  row.price = price.price;
  row.pricedBy = pricedBy;
}

function check({ sku, price }: Price): Row {
  const row = rows.get(sku);
  if (!row) throw new Problem(400, `There is no product ${sku}.`);
  if (!(price > 0)) throw new Problem(400, 'A price is a number of euros above 0.');
  return row;
}

function toProduct({ sku, name, price, grams }: Row): Product {
  return { sku, name, price, weightKg: grams / 1_000 };
}
