// Ends in the way its argument names when it is told so, and says what it sees of itself then.
let passes = 0;
function count(step) {
  passes += step;
  return passes; // <- here
}
const ticking = setInterval(() => count(1), 5);
const end = () => {
  clearInterval(ticking);
  process.stdin.destroy();
};
const caught = (error) => {
  console.log(`caught ${error.message ?? error}`);
  process.exitCode = 4;
  end();
};

const handlers = {
  'caught throw': () => process.on('uncaughtException', caught),
  'caught rejection': () => process.on('unhandledRejection', caught),
  'caught signal': () => process.on('SIGTERM', caught),
};
const endings = {
  end,
  exit: () => process.exit(3),
  code: () => {
    process.exitCode = 5;
    end();
  },
  throw: () => {
    throw new Error('thrown by the program');
  },
  rejection: () => void Promise.reject(new Error('rejected by the program')),
  abort: () => process.abort(),
  // Comes from outside.
  signal: () => undefined,
};

const ending = process.argv[2];
handlers[ending]?.();
process.on('beforeExit', (code) => console.log(`before exit ${code}`));
process.on('exit', (code) => {
  const listeners = process.eventNames().map((name) => `${String(name)} ${process.listenerCount(name)}`);
  console.log(`exit ${code}; ${listeners.sort().join(', ')}; ${Object.keys(globalThis).sort().join(' ')}`);
});
process.stdin.once('data', () => endings[ending.replace('caught ', '')]());
console.log('ready');
