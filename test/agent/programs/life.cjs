// What the tests of an action's life pass through.
const { Worker } = require('node:worker_threads');

exports.pass = function pass(value) {
  const twice = value * 2;
  return twice; // <- here
};

exports.hot = function hot(times) {
  let sum = 0;
  for (let index = 0; index < times; index++) {
    sum += index % 7; // <- hot
  }
  return sum;
};

exports.spin = function spin(milliseconds) {
  const end = Date.now() + milliseconds;
  let rounds = 0;
  while (Date.now() < end) {
    rounds += 1; // <- spin
  }
  return rounds;
};

// <- blank


exports.within = function within(target) {
  with (target) {
    return name; // <- within
  }
};

exports.again = function again(depth) {
  return depth === 0 ? 0 : again(depth - 1); // <- again
};

exports.statement = function statement(value) {
  debugger;
  return value; // <- statement
};

exports.inspectorUrl = () => require('node:inspector').url();

/** Another vendor's agent: a client of the inspector in a worker, which knows nothing of our breakpoints. */
exports.otherClient = (domain) =>
  new Promise((resolve) => {
    const worker = new Worker(
      `const { Session } = require('node:inspector');
       const { parentPort } = require('node:worker_threads');
       const session = new Session();
       session.connectToMainThread();
       session.on('Debugger.paused', () => parentPort.postMessage('paused'));
       session.post('${domain}.enable', () => parentPort.postMessage('ready'));
       setInterval(() => {}, 1000);`,
      { eval: true },
    );
    worker.unref();
    worker.on('message', (message) => {
      if (message === 'ready') resolve();
      else exports.paused += 1;
    });
  });
exports.paused = 0;
exports.pausedCount = () => exports.paused;

// The last line with code.
exports.last = () => 'last'; // <- last

































// The end.
