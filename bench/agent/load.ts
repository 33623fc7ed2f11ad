import { connect, type Socket } from 'node:net';
import type { Service } from './service.ts';

/** A service that answers nothing for so long will not answer any more. */
const patienceMs = 30_000;

/** What came back within a burst. */
export interface Burst {
  requestsPerSecond: number;
  requests: number;
  /** Of one request, at the client. */
  p99Micros: number;
}

/** As many requests as come back within a burst, on kept connections, by sockets: a whole HTTP client would be the slower side. */
export async function load(service: Service, connections: number, burstMs: number): Promise<Burst> {
  const startedAt = performance.now();
  const took: number[] = [];
  await Promise.all(Array.from({ length: connections }, () => askUntil(service.port, startedAt + burstMs, took)));
  const tookMs = performance.now() - startedAt;
  const sorted = Float64Array.from(took).sort();
  return {
    requests: took.length,
    requestsPerSecond: (took.length * 1_000) / tookMs,
    p99Micros: (sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN) * 1_000,
  };
}

function askUntil(port: number, until: number, took: number[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect(port, '127.0.0.1');
    const request = 'GET / HTTP/1.1\r\nHost: bench\r\n\r\n';
    let bytes = 0;
    /** Of the answer that is coming. */
    let wholeBytes = 0;
    let askedAt = 0;
    const askOnce = (): void => {
      wholeBytes = 0;
      bytes = 0;
      askedAt = performance.now();
      socket.write(request);
    };
    socket.setNoDelay(true);
    socket.setTimeout(patienceMs, () => socket.destroy(new Error(`No answer for ${patienceMs} ms`)));
    socket.on('connect', askOnce);
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('The service closed a connection')));
    socket.on('data', (chunk: Buffer) => {
      if (wholeBytes === 0) {
        const head = chunk.indexOf('\r\n\r\n') + 4;
        wholeBytes = head + Number(/content-length: (\d+)/i.exec(chunk.toString('latin1', 0, head))?.[1]);
      }
      bytes += chunk.length;
      if (bytes < wholeBytes) return;
      const now = performance.now();
      took.push(now - askedAt);
      if (now < until) askOnce();
      else {
        socket.destroy();
        resolve();
      }
    });
  });
}
