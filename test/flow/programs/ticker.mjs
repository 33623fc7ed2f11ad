// Ticks ten times a second, and tells when somebody watches it: an agent with a probe leaves a hook on the global object.
let ticks = 0;
let wanted = false;
let watched = false;
const before = new Set(Object.getOwnPropertyNames(globalThis));

process.on('SIGUSR2', () => {
  wanted = true;
});

function tick(label) {
  const count = ticks + 1;
  ticks = count; // <- here
  const hooks = Object.getOwnPropertyNames(globalThis).filter((name) => !before.has(name));
  if (hooks.length > 0 !== watched) {
    watched = hooks.length > 0;
    console.log(JSON.stringify({ watched, ticks }));
  }
  return { label, wanted };
}

setInterval(() => tick('interval'), 100);
console.log(JSON.stringify({ ready: true }));
