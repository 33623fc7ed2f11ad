const union = new Set(['DE', 'FR']);
/** Euros that a gift may be worth without papers. */
const giftLimit = 45;
const papers = 9.5;

/** Euros for the papers of a parcel that leaves the customs union; small gifts go without. */
export function customsFee(country: string, value: number, isGift: boolean): number {
  const leavesUnion = !union.has(country);
  const needsPapers = (leavesUnion && !isGift) || value > giftLimit;
  return needsPapers ? papers : 0;
}
