// Runs a program with the agent's probes inside, and does what its parent says. Started with `fork`.
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

const { createProbes } = await import(process.env.PROBES_URL);
const require = createRequire(import.meta.url);
const silence = new Int32Array(new SharedArrayBuffer(4));
const modules = new Map();
let mayQueue = true;
let cycles = 0;
let probes;

const send = (message) => process.connected && process.send(message);
// In a later turn: what `send` calls is not the probes' doing.
const soon = setImmediate;
const events = {
  state: (state) => soon(() => send({ t: 'state', body: state })),
  hit: (hit) => soon(() => send({ t: 'hit', body: hit })),
  mayQueue: () => mayQueue,
};

const commands = {
  create: async ({ instrument: patterns, ...options }) => {
    const { installLoadTime } = await import(new URL('load-time.js', process.env.PROBES_URL));
    const loadTime =
      patterns && installLoadTime({ patterns, directory: fileURLToPath(new URL('.', import.meta.url)), log: { debug() {}, warn() {} } });
    probes = createProbes(events, { ...options, silence, loadTime });
  },
  load: async ({ file, commonjs }) => {
    modules.set(file, commonjs ? require(file) : await import(pathToFileURL(file).href));
  },
  call: async ({ file, name, args = [], times = 1 }) => {
    let result;
    for (let time = 0; time < times; time += 1) result = await modules.get(file)[name](...args);
    return result === undefined ? null : JSON.parse(JSON.stringify(result));
  },
  probes: ({ method, args = [] }) => probes[method](...args) ?? null,
  count: () => probes.count,
  /** Bytes of the heap after so many actions came and went. Needs --expose-gc. */
  cycle: async ({ times, action }) => {
    for (let time = 0; time < times; time += 1) {
      const id = `cycle_${(cycles += 1)}`;
      probes.arm({ ...action, id });
      probes.remove(id, 'cancelled');
      if (time % 20 === 0) await new Promise((resolve) => soon(resolve));
    }
    // The thread that reads sources may still be at it.
    await new Promise((resolve) => setTimeout(resolve, 500));
    for (let round = 0; round < 5; round += 1) {
      gc();
      await new Promise((resolve) => soon(resolve));
    }
    return process.memoryUsage().heapUsed;
  },
  mayQueue: (value) => {
    mayQueue = value;
  },
  silence: (value) => {
    silence[0] = value;
  },
  globals: () => Object.getOwnPropertyNames(globalThis).filter((name) => name.startsWith('__sidelight')).length,
  exit: () => process.disconnect(),
};

process.on('message', async ({ id, command, input }) => {
  try {
    const result = (await commands[command](input)) ?? null;
    soon(() => send({ t: 'done', id, result }));
  } catch (error) {
    send({ t: 'done', id, error: String(error?.stack ?? error) });
  }
});
send({ t: 'ready' });
