import { setTimeout as delay } from 'node:timers/promises';
import { Problem } from './problem.ts';

/** Where pieces lie. */
export interface Bin {
  sku: string;
  hall: string;
  shelf: number;
}

/** Ours, as the scanners in the halls have written them. */
const bins: Bin[] = [
  { sku: 'POT-1L', hall: 'A', shelf: 2 },
  { sku: 'TEA-EARL', hall: 'A', shelf: 11 },
  { sku: 'TEA-MINT', hall: 'A', shelf: 12 },
  { sku: 'KETTLE', hall: 'A', shelf: 3 },
  { sku: 'SCALE', hall: 'A', shelf: 5 },
  { sku: 'TOWEL-2', hall: 'A', shelf: 20 },
  { sku: 'GIFT-BOX', hall: 'A', shelf: 1 },
  { sku: 'mug-blue', hall: 'B', shelf: 7 },
  { sku: 'mug-sand', hall: 'B', shelf: 8 },
];

/** Shops that share the halls with us; the list has their pieces first. */
const foreign = Array.from({ length: 91 }, (_, at): Bin => ({ sku: `X-${1000 + at}`, hall: 'C', shelf: at }));
const stockList = [...foreign, ...bins];

const pageSize = 4;
/** How long the warehouse takes to send a page of the list. */
const pageMs = 5;

const bySku = new Map(bins.map((bin) => [bin.sku, bin]));

/** Finds the bin of a stock number. */
export async function findBin(sku: string): Promise<Bin> {
  let bin = bySku.get(sku);
  let pagesRead = 0;
  while (!bin && pagesRead * pageSize < stockList.length) {
    const page = await readPage(pagesRead);
    bin = page.find((candidate) => candidate.sku.toUpperCase() === sku);
    pagesRead += 1;
  }
  if (!bin) throw new Problem(500, `The warehouse does not know ${sku}.`);
  return bin;
}

async function readPage(page: number): Promise<Bin[]> {
  await delay(pageMs);
  return stockList.slice(page * pageSize, (page + 1) * pageSize);
}
