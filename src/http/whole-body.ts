import type { IncomingMessage } from 'node:http';
import type { Context } from 'koa';
import { Refusal } from '../lib/refusal.ts';
import { Row } from '../lib/row.ts';
import { networkOf } from './too-busy.ts';

/** Requests of one network whose bodies may be on their way; one comes with its head, or within milliseconds. */
const maxOnTheirWay = 64;

/**
 * Waits until all of a request's body has come, and leaves it to be read. Rejects when more than `maxBytes` come, when the client hangs up
 * or takes longer than a request may, and with `too_busy` when the bodies of 64 later requests of its network are awaited as well.
 * `maxBytes` must be less than what Node keeps unread, which is 16 KiB.
 */
export function wholeBodies(maxBytes: number): (ctx: Context) => Promise<void> {
  const awaited = new Map<string, Row<() => void>>();
  return async (ctx) => {
    const { req } = ctx;
    await undefined; // by then Node has gone through what came with the head
    if (!req.complete) {
      const network = networkOf(ctx.state.address ?? '');
      const row = awaited.get(network) ?? new Row();
      awaited.set(network, row);
      const givenUp = new AbortController();
      const giveUp = () => {
        row.delete(giveUp);
        givenUp.abort(tooMany());
      };
      row.add(giveUp);
      if (row.size > maxOnTheirWay) row.first?.();
      try {
        await completed(req, maxBytes, givenUp.signal);
      } catch (problem) {
        ctx.set('Connection', 'close'); // nobody reads the rest
        throw problem;
      } finally {
        row.delete(giveUp);
        if (row.size === 0) awaited.delete(network);
      }
    }
    if (req.readableLength > maxBytes) throw tooLarge(ctx, maxBytes);
  };
}

/** Resolves when no more comes, or more than anybody wants. Nothing is read: `readable` tells of each piece until what is kept is full. */
function completed(req: IncomingMessage, maxBytes: number, givenUp: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = () => {
      if (req.complete || req.readableLength > maxBytes) end(resolve);
    };
    const lost = () => end(() => reject(new Error('The client hung up.')));
    const late = () => end(() => reject(givenUp.reason));
    function end(settle: () => void): void {
      req.off('readable', look).off('close', lost);
      givenUp.removeEventListener('abort', late);
      settle();
    }
    req.on('readable', look).once('close', lost);
    givenUp.addEventListener('abort', late);
    if (givenUp.aborted) late();
    else if (req.destroyed) lost();
  });
}

function tooMany(): Refusal {
  return new Refusal({
    code: 'too_busy',
    message: `There are more than ${maxOnTheirWay} requests of this address whose bodies have not come.`,
    next: 'Send head and body of a request together.',
  });
}

/** Says that a body is too large, and that the connection ends with that. */
export function tooLarge(ctx: Context, maxBytes: number): Refusal {
  ctx.set('Connection', 'close'); // nobody reads the rest
  return new Refusal({
    code: 'payload_too_large',
    message: `The body is larger than ${maxBytes} bytes.`,
    data: { maxBodyBytes: maxBytes },
  });
}
