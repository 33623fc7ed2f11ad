// A primary with two workers that end with it.
import cluster from 'node:cluster';

if (cluster.isPrimary) {
  const workers = [cluster.fork(), cluster.fork()];
  console.log(`workers ${workers.map((worker) => worker.process.pid).join(' ')}`);
}

function tick(pid) {
  return pid; // <- here
}
setInterval(() => tick(process.pid), 50);
