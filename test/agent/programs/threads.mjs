// A program with worker threads; told on stdin what to do. Each thread counts.
import { createInterface } from 'node:readline';
import { isMainThread, parentPort, threadId, Worker, workerData } from 'node:worker_threads';

let passes = 0;
function count(name) {
  passes += 1;
  return `${name} ${passes}`; // <- here
}
const ticking = setInterval(() => count(isMainThread ? 'main' : `thread ${threadId}`), 20);

if (isMainThread) {
  const lines = createInterface({ input: process.stdin });
  const threads = [];
  const start = (lifeMs) => {
    const thread = new Worker(new URL(import.meta.url), { workerData: lifeMs });
    thread.on('online', () => console.log(`thread ${thread.threadId}`));
    thread.on('exit', (code) => console.log(`ended ${code}`));
    threads.push(thread);
  };
  const orders = {
    thread: () => start(0),
    short: () => start(150),
    end: () => threads.at(-1).postMessage('end'),
    terminate: async () => {
      const began = performance.now();
      await threads.at(-1).terminate();
      console.log(`terminated in ${Math.round(performance.now() - began)}`);
    },
    exit: (code) => process.exit(Number(code)),
    done: () => {
      clearInterval(ticking);
      lines.close();
      process.stdin.destroy();
      console.log('done');
    },
  };
  lines.on('line', (line) => {
    const [order, argument] = line.split(' ');
    orders[order](argument);
  });
  console.log('ready');
} else {
  const end = () => {
    clearInterval(ticking);
    parentPort.close();
  };
  parentPort.on('message', end);
  if (workerData > 0) setTimeout(end, workerData);
}
