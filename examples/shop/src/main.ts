import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { Checkout } from './checkout.ts';
import { PointsBook } from './points.ts';
import { createShop } from './server.ts';
import { startTraffic, type Traffic } from './traffic.ts';

const usage = 'usage: node dist/main.js [--port 0..65535] [--no-traffic] [--seed whole-number]';

function readSettings(): { port: number; seed: number; traffic: boolean } {
  try {
    const { values } = parseArgs({
      options: { port: { type: 'string' }, seed: { type: 'string' }, 'no-traffic': { type: 'boolean' } },
    });
    const port = Number(values.port ?? process.env.PORT ?? 0);
    const seed = Number(values.seed ?? 1);
    if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new RangeError('That is not a port.');
    if (!Number.isInteger(seed)) throw new RangeError('That is not a seed.');
    return { port, seed, traffic: !values['no-traffic'] };
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n${usage}`);
    process.exit(2);
  }
}

const settings = readSettings();
const points = new PointsBook();
const server = createShop(new Checkout(points), points);
let traffic: Traffic | undefined;

server.once('error', (error) => {
  console.error(`The shop cannot open: ${error.message}`);
  process.exit(1);
});

server.listen(settings.port, '127.0.0.1', () => {
  const shop = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  console.log(JSON.stringify({ shop }));
  if (settings.traffic) traffic = startTraffic(shop, settings.seed);
});

function end(): void {
  traffic?.stop();
  server.close(() => process.exit(0));
  server.closeAllConnections();
}

// `disconnect` comes when whoever started the shop with a channel to it is gone.
for (const reason of ['SIGTERM', 'SIGINT', 'disconnect'] as const) process.once(reason, end);
