import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Context } from 'koa';
import type { Secrets } from '../../identity/secrets.ts';
import { hashToken } from '../../identity/token-form.ts';
import { randomBase62 } from '../../lib/id.ts';

/** A cookie of ours: what it is for, and how long a browser keeps it. */
interface OwnCookie {
  purpose: 'browser' | 'local';
  maxAgeSeconds: number;
}

const browserCookie: OwnCookie = { purpose: 'browser', maxAgeSeconds: 3600 };
/** 43 characters of base62 are 256 bits. */
const valueChars = 43;

/**
 * Names this browser for as long as a sign-in takes, so that what one browser began no other can end. Nothing else is known of it:
 * the cookie holds a random value, and records hold its hash.
 */
export function thisBrowser(ctx: Context, origin: string): string {
  const value = knownBrowser(ctx, origin) ?? randomBase62(valueChars);
  setCookie(ctx, origin, browserCookie, value);
  return hashToken(value);
}

/** The same where it is known already; undefined when the browser brings no such cookie. */
export function sameBrowser(ctx: Context, origin: string): string | undefined {
  const value = knownBrowser(ctx, origin);
  return value === undefined ? undefined : hashToken(value);
}

function knownBrowser(ctx: Context, origin: string): string | undefined {
  return readCookie(ctx, origin, browserCookie.purpose);
}

/** A value of ours that the browser brought along; anything that is not one counts as absent. */
export function readCookie(ctx: Context, origin: string, purpose: OwnCookie['purpose']): string | undefined {
  const value = ctx.cookies.get(cookieName(origin, purpose), { signed: false });
  return value !== undefined && /^[0-9A-Za-z]{43}$/.test(value) ? value : undefined;
}

/**
 * Written by hand because Koa asks the connection whether it is secure, and behind a proxy it is not. Over https the name begins
 * with `__Host-`: no page of a neighbouring host can plant it (RFC 6265bis 4.1.3.2). On loopback the port is in the name, because
 * browsers give all ports the same cookies.
 */
export function setCookie(ctx: Context, origin: string, { purpose, maxAgeSeconds }: OwnCookie, value: string): void {
  const isSecure = origin.startsWith('https:');
  const attributes = [
    `${cookieName(origin, purpose)}=${value}`,
    `Path=${isSecure ? '/' : '/oauth'}`,
    `Max-Age=${maxAgeSeconds}`,
    'HttpOnly',
    'SameSite=Lax',
    ...(isSecure ? ['Secure'] : []),
  ];
  ctx.append('Set-Cookie', attributes.join('; '));
}

function cookieName(origin: string, purpose: OwnCookie['purpose']): string {
  return origin.startsWith('https:') ? `__Host-sidelight-${purpose}` : `sidelight-${new URL(origin).port}-${purpose}`;
}

/** What a form was shown for: it can be sent only by this browser, for this interaction, as this person, for these scopes. */
export interface FormBinding {
  uid: string;
  browser: string;
  accountId?: string;
  scopes: readonly string[];
}

/** The token of a form. Nothing is kept: whoever can compute it has the master secret. */
export function formToken(secrets: Secrets, bound: FormBinding): string {
  return formMac(secrets.derive('sign-in-form'), bound);
}

/** Whether a form sent this token, made under any of the secrets known. */
export function isFormToken(secrets: Secrets, bound: FormBinding, sent: string): boolean {
  return secrets.all('sign-in-form').some((key) => {
    const expected = Buffer.from(formMac(key, bound));
    const given = Buffer.from(sent);
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
}

function formMac(key: Buffer, { uid, browser, accountId = '', scopes }: FormBinding): string {
  return createHmac('sha256', key)
    .update(JSON.stringify([uid, browser, accountId, scopes]))
    .digest('base64url');
}
