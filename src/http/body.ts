import type { IncomingMessage } from 'node:http';
import type { Context } from 'koa';
import { beyondBounds, type JsonBounds } from '../lib/json-bounds.ts';
import { Refusal } from '../lib/refusal.ts';
import type { HttpMiddleware } from './state.ts';

/** Refuses every method but POST with 405. */
export function postOnly(): HttpMiddleware {
  return async (ctx, next) => {
    if (ctx.method !== 'POST') {
      ctx.set('Allow', 'POST');
      throw new Refusal({
        code: 'method_not_allowed',
        message: `${ctx.method} is not taken here; every request stands alone and is a POST.`,
      });
    }
    await next();
  };
}

/** Refuses a body that is not declared as JSON with 415; web pages cannot send that type across origins unasked. */
export function jsonOnly(): HttpMiddleware {
  return async (ctx, next) => {
    if (!/^application\/json\s*(?:;|$)/i.test(ctx.get('Content-Type').trim())) {
      throw new Refusal({
        code: 'unsupported_media_type',
        message: 'The body must be JSON.',
        next: 'Send "Content-Type: application/json".',
      });
    }
    await next();
  };
}

/** No request of ours has a tenth of these. */
const bounds: JsonBounds = { nesting: 100, values: 2_000 };

/** Bytes of the bodies that were read. */
const read = new WeakMap<IncomingMessage, number>();

/** How large the body of this request was; 0 when none was read. */
export const bodyBytes = ({ req }: Context): number => read.get(req) ?? 0;

/** Reads a body as JSON, at most `maxBytes` of it. */
export async function readJson(ctx: Context, maxBytes: number): Promise<unknown> {
  const chunks: Buffer[] = [];
  let receivedBytes = 0;
  if (Number(ctx.get('Content-Length')) > maxBytes) throw tooLarge(ctx, maxBytes);
  // The plain iterator would destroy the socket when left early, and the 413 with it.
  for await (const chunk of ctx.req.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    receivedBytes += chunk.length;
    if (receivedBytes > maxBytes) throw tooLarge(ctx, maxBytes);
    chunks.push(chunk);
  }
  read.set(ctx.req, receivedBytes);
  const text = Buffer.concat(chunks).toString('utf8');
  refuseUnwieldy(text);
  try {
    return JSON.parse(text);
  } catch {
    throw new Refusal({ code: 'malformed_json', message: 'The body is not JSON.' });
  }
}

function refuseUnwieldy(text: string): void {
  const beyond = beyondBounds(text, bounds);
  if (beyond === 'nesting') throw unwieldy(`The body is nested more than ${bounds.nesting} levels deep.`);
  if (beyond === 'values') throw unwieldy(`The body has more than ${bounds.values} values.`);
}

function unwieldy(message: string): Refusal {
  return new Refusal({
    code: 'malformed_json',
    message,
    next: 'Send what the operation asks for; nothing of it is as large as that.',
  });
}

function tooLarge(ctx: Context, maxBytes: number): Refusal {
  ctx.set('Connection', 'close'); // nobody reads the rest
  return new Refusal({ code: 'payload_too_large', message: `The body is larger than ${maxBytes} bytes.`, data: { maxBytes } });
}
