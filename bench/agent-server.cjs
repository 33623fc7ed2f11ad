// A small HTTP service for bench/agent.ts: some work a request, lines to look at, and what it has cost so far.
const { createServer } = require('node:http');

const items = Array.from({ length: 50 }, (_, index) => ({ name: `item ${index}`, price: index + 1, count: (index % 3) + 1 }));

function priceOf(list, discount) {
  let total = 0;
  for (const item of list) total += item.price * item.count;
  if (total < discount) {
    total = discount; // <- branch
  }
  return total; // <- hot
}

function report(list) {
  const names = list.map(({ name }) => name);
  return names.join(); // <- cold
}

const server = createServer((request, response) => {
  const body =
    request.url === '/cpu' ? process.cpuUsage() : request.url === '/report' ? report(items) : { total: priceOf(items, 5), items };
  const text = JSON.stringify(body);
  response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) });
  response.end(text);
});
server.keepAliveTimeout = 600_000;
server.listen(0, '127.0.0.1', () => process.send(server.address().port));
process.on('disconnect', () => process.exit(0));
