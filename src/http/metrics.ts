import { createServer, type RequestListener } from 'node:http';
import type { Config } from '../config.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { createMetrics, type Metrics } from '../telemetry/metrics.ts';
import { noTelemetry, type Telemetry } from '../telemetry/telemetry.ts';
import { listen } from './listen.ts';

/** Time a scraper has for its request. */
const maxReceiveMs = 5_000;

/** Where the stages tell what they do, and where that can be read. */
export interface Numbers {
  telemetry: Telemetry;
  /** Undefined: nothing is counted. */
  url: URL | undefined;
  close(): Promise<void>;
}

/**
 * `/metrics` on a port of its own, for whoever can reach it. Never on the port of callers: behind a proxy on this machine all of them come
 * from loopback. Does not keep the process alive. Refuses with `unavailable` where it cannot listen.
 */
export async function openNumbers(config: Config, { clock, log }: { clock: Clock; log: Log }): Promise<Numbers> {
  const { metricsPort: port, metricsHost: host } = config;
  if (port === undefined) return { telemetry: noTelemetry, url: undefined, close: async () => undefined };
  const metrics = await createMetrics(clock);
  const server = createServer(serve(metrics)).unref();
  server.headersTimeout = maxReceiveMs;
  server.requestTimeout = maxReceiveMs;
  const url = new URL(
    '/metrics',
    await listen(server, { host, port, publicUrl: undefined }, { port: 'metricsPort', host: 'metricsHost' }),
  );
  log.info({ url: url.href }, 'metrics can be read');
  return {
    telemetry: metrics,
    url,
    async close() {
      if (!server.listening) return;
      const closed = new Promise<void>((done) => server.close(() => done()));
      server.closeAllConnections();
      await closed;
    },
  };
}

function serve(metrics: Metrics): RequestListener {
  return (request, response) => {
    request.resume();
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    if (!isRead || request.url?.split('?', 1)[0] !== '/metrics') {
      response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' }).end('There is nothing here but /metrics.\n');
      return;
    }
    metrics.text().then(
      (text) => response.writeHead(200, { 'content-type': metrics.contentType }).end(text),
      () => response.writeHead(500).end(),
    );
  };
}
