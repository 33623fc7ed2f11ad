// Puts its own things into the place of what the language and Node offer, or takes them away, and runs on.
const every = setInterval;
const { nextTick } = process;
let passes = 0;
function count(step) {
  passes += step;
  return passes; // <- here
}
every(() => count(1), 20);
console.log('ready');
process.nextTick = (...args) => nextTick.apply(process, args);
const names = 'setTimeout setImmediate setInterval clearTimeout clearInterval queueMicrotask performance Promise URL';
for (const name of names.split(' ')) {
  if (process.argv[2] === 'delete') delete globalThis[name];
  else
    globalThis[name] = function () {
      throw 'called by the agent';
    };
}
