// A small HTTP service for bench/agent.ts: some work a request, lines to look at, and what it has cost so far.
const { createServer } = require('node:http');
const { performance } = require('node:perf_hooks');

const items = Array.from({ length: 50 }, (_, index) => ({ name: `item ${index}`, price: index + 1, count: (index % 3) + 1 }));
let calls = 0;

function priceOf(list, discount, call) {
  let total = 0;
  for (const item of list) total += item.price * item.count;
  if (total < discount) {
    total = discount + call; // <- branch
  }
  return total; // <- hot
}

function report(list) {
  const names = list.map(({ name }) => name);
  return names.join(); // <- cold
}

/** Live objects of this many megabytes, as of a service that keeps a cache. */
function ballast(megabytes) {
  const kept = [];
  while (process.memoryUsage().heapUsed < megabytes * 1e6)
    for (let index = 0; index < 20_000; index += 1) kept.push({ id: kept.length, name: `entry ${kept.length}`, tags: [index] });
  return kept;
}

const usage = () => ({ ...process.cpuUsage(), rss: process.memoryUsage.rss(), calls });

/**
 * Calls the hot function every so often and answers, for each call, how long it took and how long the event loop was busy until the
 * next one, in microseconds.
 */
function paced(times, everyMs, done) {
  const first = calls;
  const tookMicros = [];
  const busyMicros = [];
  let before;
  const once = () => {
    const now = performance.eventLoopUtilization();
    if (before !== undefined) busyMicros.push((now.active - before.active) * 1e3);
    before = now;
    if (tookMicros.length === times) return done({ first, tookMicros, busyMicros });
    const startedAt = performance.now();
    priceOf(items, 5, calls++);
    tookMicros.push((performance.now() - startedAt) * 1e3);
    setTimeout(once, everyMs);
  };
  once();
}

function answer(response, body) {
  const text = JSON.stringify(body);
  response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) });
  response.end(text);
}

exports.kept = ballast(Number(process.env.BENCH_HEAP_MB ?? 0));
const server = createServer((request, response) => {
  if (request.url === '/') return answer(response, { total: priceOf(items, 5, calls++), items });
  const [, path, times, everyMs] = request.url.split('/');
  if (path === 'paced') return paced(Number(times), Number(everyMs), (measured) => answer(response, measured));
  answer(response, path === 'usage' ? usage() : report(items));
});
server.keepAliveTimeout = 600_000;
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
process.on('disconnect', () => process.exit(0));
