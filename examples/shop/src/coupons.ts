import { createHmac, timingSafeEqual } from 'node:crypto';
import { Problem } from './problem.ts';

/** A discount in percent that a customer asked for by code. */
export interface Coupon {
  code: string;
  percent: number;
}

const linkSecret = process.env.SHOP_LINK_SECRET ?? 'sample-shop-link-secret';

const codes = new Map<string, number>([
  ['SPRING5', 5],
  ['WELCOME10', 10],
  ['TEATIME15', 15],
]);

/** The coupon of a code that was typed at the checkout. */
export function couponByCode(code: string): Coupon {
  const percent = codes.get(code);
  if (percent === undefined) throw new Problem(400, `There is no coupon ${code}.`);
  return { code, percent };
}

/** The coupon of a newsletter link: signed, so that marketing can run a campaign without a release of the shop. */
export function couponFromLink(query: URLSearchParams): Coupon | undefined {
  const link = readQuery(query, { code: '', percent: 0, signature: '' });
  if (link.code === '') return undefined;
  const expected = Buffer.from(sign(link));
  const given = Buffer.from(link.signature);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    throw new Problem(400, 'This link is incomplete or was changed.');
  }
  return { code: link.code, percent: link.percent };
}

/** The part of a newsletter link that carries a coupon. */
export function couponLink(coupon: Coupon): string {
  const query = new URLSearchParams({
    code: coupon.code,
    percent: String(coupon.percent),
    signature: sign(coupon),
  });
  return `?${query}`;
}

function sign(coupon: Coupon): string {
  return createHmac('sha256', linkSecret).update(`${coupon.code}:${coupon.percent}`).digest('hex');
}

function readQuery<T extends object>(query: URLSearchParams, defaults: T): T {
  return { ...defaults, ...Object.fromEntries(query) };
}
