import { parentPort, workerData } from 'node:worker_threads';
import { createLog } from '../log.ts';
import { BridgeTrust } from './bridge-trust.ts';
import { describeProcess } from './hello.ts';
import { Introduction } from './introduction.ts';
import { Link } from './link.ts';
import { gauge, type LinkData, type ToMain, type ToWorker } from './link-messages.ts';
import { Queue } from './queue.ts';

// The thread that talks to the bridge, so that neither a slow bridge nor JSON of large captures costs the program time.
const { config, facts, gauges: memory, seed, session, bridgeKey } = workerData as LinkData;
const log = createLog(config.log);
const gauges = new Int32Array(memory);
const link = new Link({
  config,
  introduction: new Introduction(describeProcess(config, facts), seed, new BridgeTrust(bridgeKey)),
  queue: new Queue(gauges),
  gauges,
  log,
  // Ends this thread, not the program.
  stopped: () => process.exit(),
  tellMain: (message: ToMain) => parentPort?.postMessage(message),
  ...(session === undefined ? {} : { session }),
});

parentPort?.on('message', (message: ToWorker) => {
  if (message.t === 'stop') link.stop();
  else if (message.t === 'load') link.load(message);
  else if (message.t === 'located') link.located(message.answer);
  else {
    link.send(message);
    Atomics.add(gauges, gauge.taken, 1);
  }
});
link.start();
