import { priceOf, type Item } from './price.ts';

interface Order {
  id: string;
  items: Item[];
}

enum Status {
  Open = 'open',
  Paid = 'paid',
}

export class Checkout {
  private readonly discount: number = 0.5;

  constructor(private readonly currency: string) {}

  async total(order: Order): Promise<number> {
    const status: Status = Status.Open;
    await Promise.resolve();
    let sum: number = 0;

    // A comment, then code: asking for this line gives the next one.
    for (const item of order.items) {
      const price = priceOf(item) * this.discount;
      sum += price; // <- sum
    }
    return status === Status.Open && this.currency ? sum : 0;
  }
}

export const run = (): Promise<number> => new Checkout('EUR').total({ id: 'o1', items: [{ name: 'cup', price: 8 }] });
