export interface Item {
  name: string;
  price: number;
}

export function priceOf(item: Item): number {
  const { price } = item;
  return price; // <- price
}
