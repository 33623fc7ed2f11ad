import type { Socket } from 'node:net';

const loopbackNames = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Whether a URL's host name can only mean this machine. */
export function isLoopbackName(hostname: string): boolean {
  return loopbackNames.has(hostname);
}

/** Whether a connection came in on an address that only this machine reaches. */
export function isLoopbackConnection(socket: Socket): boolean {
  const address = (socket.localAddress ?? '').replace(/^::ffff:/, '');
  return address === '::1' || address.startsWith('127.');
}
