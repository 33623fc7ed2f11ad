import type { IncomingMessage } from 'node:http';

const requests = new WeakSet<IncomingMessage>();

/** Notes that the key or token of this request is good. */
export function noteGoodKey(request: IncomingMessage): void {
  requests.add(request);
}

/** Whether it was found good. */
export const hasGoodKey = (request: IncomingMessage): boolean => requests.has(request);
