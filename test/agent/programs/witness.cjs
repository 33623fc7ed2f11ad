// Loaded before the agent: notes how the process was, and what of its streams is opened, which a program may never do.
const opened = [];
for (const name of ['stdin', 'stdout', 'stderr']) {
  const { get } = Object.getOwnPropertyDescriptor(process, name);
  Object.defineProperty(process, name, {
    configurable: true,
    enumerable: true,
    get() {
      opened.push(name);
      return get.call(process);
    },
  });
}
const listeners = () => Object.fromEntries(process.eventNames().map((name) => [String(name), process.listenerCount(name)]));
const isHook = (name) => name.startsWith('__sidelight_');
const globals = () => Object.getOwnPropertyNames(globalThis).filter((name) => !isHook(name)).length;
const state = () => ({ listeners: listeners(), globals: globals(), exitCode: String(process.exitCode), mask: process.umask(), title: process.title, cwd: process.cwd(), opened: [...opened], env: Object.keys(process.env).length, maxListeners: process.getMaxListeners(), traceLimit: Error.stackTraceLimit, prepare: typeof Error.prepareStackTrace });
const before = JSON.stringify(state());
let passes = 0;
function count(step) {
  passes += step;
  return passes; // <- here
}
setInterval(() => {
  // Node listens to the exit while it loads what `--import` names.
  if (process.mainModule === undefined) return;
  count(1);
  const now = JSON.stringify(state());
  require('node:fs').writeSync(1, `${now === before ? `unchanged${Object.getOwnPropertyNames(globalThis).some(isHook) ? ', but for the hook' : ''}` : `${before} became ${now}`}\n`);
}, 50);
