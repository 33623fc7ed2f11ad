// Patches the language after the agent was loaded, and notes when a patch is called while a probe reads.
let watching = false;
const seen = [];
const patch = (target, name) => {
  const original = target[name];
  target[name] = function (...args) {
    if (watching) seen.push(String(name));
    return Reflect.apply(original, this, args);
  };
};
exports.run = function () {
  for (const name of ['indexOf', 'includes', 'join', 'map', 'forEach', Symbol.iterator]) patch(Array.prototype, name);
  for (const name of ['get', 'has', 'set', Symbol.iterator]) patch(Map.prototype, name);
  for (const name of ['includes', 'startsWith', 'charCodeAt']) patch(String.prototype, name);
  patch(Date.prototype, 'toISOString');
  Date.now = () => { if (watching) seen.push('now'); return 0; };
  performance.now = () => { if (watching) seen.push('performance'); return 0; };
  Error.prepareStackTrace = () => { if (watching) seen.push('prepareStackTrace'); return 'custom'; };
  const order = { id: 1, items: ['a'] };
  const custom = new Error('own trace');
  watching = true;
  order.id += 0; // <- here
  watching = false;
  if (custom.stack !== 'custom') seen.push('stack changed');
  return seen;
};
