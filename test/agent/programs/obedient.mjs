// Runs until it is told on stdin how to end; counts so that there is a line to look at.
import { fork } from 'node:child_process';
import { createInterface } from 'node:readline';
import { Worker } from 'node:worker_threads';

let passes = 0;
function count(step) {
  passes += step; // <- here
  return passes;
}
const ticking = setInterval(() => count(1), 20);
const lines = createInterface({ input: process.stdin });

// A forked copy ends with its parent.
process.on('disconnect', () => process.exit(0));

const orders = {
  exit: (code) => process.exit(Number(code)),
  end: () => {
    clearInterval(ticking);
    lines.close();
    process.stdin.destroy();
  },
  throw: () => {
    throw new Error('the program failed by itself');
  },
  passes: () => console.log(`passes ${count(0)}`),
  block: (ms) => {
    const until = Date.now() + Number(ms);
    while (Date.now() < until) count(0);
    console.log('unblocked');
  },
  fork: () => fork(process.argv[1], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }).on('spawn', () => console.log('forked')),
  worker: () => new Worker('setTimeout(() => {}, 100)', { eval: true }).on('exit', () => console.log('worker done')),
};
lines.on('line', (line) => {
  const [order, argument] = line.split(' ');
  orders[order](argument);
});
console.log(`ready ${process.pid}`);
