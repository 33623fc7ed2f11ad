import type { Context } from 'koa';
import { Refusal } from '../../lib/refusal.ts';

/** Bytes of a form; ours have two short fields. */
const maxFormBytes = 4 * 1024;

/** The fields of a form that a page of ours sent. Refuses another type of body, and one that is too long. */
export async function readForm(ctx: Context): Promise<URLSearchParams> {
  if (!ctx.is('application/x-www-form-urlencoded')) {
    throw new Refusal({ code: 'unsupported_media_type', message: 'This takes the form of its page and nothing else.' });
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  // The plain iterator would destroy the socket when left early, and the answer with it.
  for await (const chunk of ctx.req.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxFormBytes) {
      ctx.set('Connection', 'close'); // nobody reads the rest
      throw new Refusal({ code: 'payload_too_large', message: `The form is larger than ${maxFormBytes} bytes.` });
    }
    chunks.push(chunk);
  }
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
}
