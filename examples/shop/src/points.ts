import { setTimeout as delay } from 'node:timers/promises';
import type { Customer } from './customers.ts';

/** The points of one customer and the latest orders they came from. */
interface PointsAccount {
  points: number;
  latest: { order: string; points: number }[];
}

const maxLatest = 10;
/** How long the partner programme takes to answer. */
const partnerMs = 15;

const pointsPerEuro: Record<Customer['loyalty'], number> = { none: 1, silver: 2, gold: 3 };

/** What customers have collected. */
export class PointsBook {
  #accounts = new Map<string, PointsAccount>();

  /** The points of a customer. */
  of(customerId: string): number {
    return this.account(customerId).points;
  }

  /** Adds what an order brings, and gives it. */
  async earn(customer: Customer, order: string, euros: number): Promise<number> {
    const account = this.account(customer.id);
    const before = account.points;
    const rate = await partnerRate(customer);
    const earned = Math.floor(Math.max(0, euros) * rate);
    account.points = before + earned;
    account.latest = [{ order, points: earned }, ...account.latest].slice(0, maxLatest);
    return earned;
  }

  private account(customerId: string): PointsAccount {
    const known = this.#accounts.get(customerId);
    if (known) return known;
    const opened = { points: 0, latest: [] };
    this.#accounts.set(customerId, opened);
    return opened;
  }
}

async function partnerRate(customer: Customer): Promise<number> {
  await delay(partnerMs);
  return pointsPerEuro[customer.loyalty];
}
