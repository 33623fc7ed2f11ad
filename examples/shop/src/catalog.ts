/** Something the shop sells. */
export interface Product {
  sku: string;
  name: string;
  /** Euros a piece. */
  price: number;
  weightKg: number;
}

const products: Product[] = [
  { sku: 'MUG-BLUE', name: 'Stoneware mug, blue', price: 14.5, weightKg: 0.4 },
  { sku: 'MUG-SAND', name: 'Stoneware mug, sand', price: 14.5, weightKg: 0.4 },
  { sku: 'POT-1L', name: 'Teapot, one litre', price: 42, weightKg: 1.1 },
  { sku: 'TEA-EARL', name: 'Earl Grey, 250 g', price: 11.9, weightKg: 0.3 },
  { sku: 'TEA-MINT', name: 'Peppermint, 100 g', price: 7.2, weightKg: 0.15 },
  { sku: 'KETTLE', name: 'Gooseneck kettle', price: 89, weightKg: 1.8 },
  { sku: 'SCALE', name: 'Kitchen scale', price: 34.9, weightKg: 0.9 },
  { sku: 'TOWEL-2', name: 'Linen towels, set of two', price: 26, weightKg: 0.35 },
  { sku: 'GIFT-BOX', name: 'Gift box with ribbon', price: 4.5, weightKg: 0.2 },
];

const bySku = new Map(products.map((product) => [product.sku, product]));

/** Everything on sale. */
export function listProducts(): readonly Product[] {
  return products;
}

/** The product of a stock number, if the shop sells it. */
export function findProduct(sku: string): Product | undefined {
  return bySku.get(sku);
}
