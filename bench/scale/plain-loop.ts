import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type WebSocket, WebSocketServer } from 'ws';
import { typescript } from './loader.ts';

/**
 * What a fan-out could cost at best: a message to each of so many plain WebSockets and an answer from each, forked with
 * `count bytes answerBytes`. Says `ready`; then each message it gets is answered with the milliseconds of one round.
 */
const [count = '0', bytes = '0', answerBytes = '0'] = process.argv.slice(2);
const frame = 'f'.repeat(Number(bytes));

async function main(): Promise<void> {
  const server = createServer();
  const sockets: WebSocket[] = [];
  new WebSocketServer({ server, perMessageDeflate: false }).on('connection', (socket) => void sockets.push(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const program = fileURLToPath(new URL('./echo-clients.ts', import.meta.url));
  const clients: ChildProcess = spawn(process.execPath, [...typescript, program, url, count, answerBytes], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (clients.stdout !== null) await once(createInterface({ input: clients.stdout }), 'line');
  process.on('message', async () => process.send?.(await round(sockets)));
  process.on('disconnect', () => {
    clients.kill('SIGKILL');
    process.exit();
  });
  process.send?.('ready');
}

async function round(sockets: readonly WebSocket[]): Promise<number> {
  const startedAt = performance.now();
  const answers = sockets.map((socket) => new Promise((resolve) => socket.once('message', resolve)));
  for (const socket of sockets) socket.send(frame);
  await Promise.all(answers);
  return performance.now() - startedAt;
}

await main();
