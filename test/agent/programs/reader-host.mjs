// Runs a program with the agent's reader inside, and does what its parent says. Started with `fork`.
import { Session } from 'node:inspector';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** Threads of this process. */
const threads = [];
process.on('worker', (thread) => threads.push(thread));
const { setTimeout: wait } = globalThis;
if (process.env.REPLACED === '1') {
  // As some programs do, before the agent needs its reader.
  for (const name of 'setTimeout setImmediate clearTimeout queueMicrotask structuredClone Promise URL MessageChannel'.split(' '))
    globalThis[name] = function () {
      throw 'called by the agent';
    };
}
const { createReader } = await import(process.env.READER_URL);
const require = createRequire(import.meta.url);
const session = new Session();
const asked = { text: 0, stops: 0 };
const costs = [];
const scripts = [];
let options = {};
let reader;
let onLoad;
let found;

function post(method, params) {
  let answer;
  session.post(method, params, (error, result) => (answer = error === null ? result : undefined));
  return answer;
}

const sources = {
  text: (scriptId) => {
    asked.text += 1;
    return post('Debugger.getScriptSource', { scriptId })?.scriptSource;
  },
  stops: (scriptId, from, to) => {
    asked.stops += 1;
    const place = ({ line, column }) => ({ scriptId, lineNumber: line, columnNumber: column });
    const { locations = [] } = post('Debugger.getPossibleBreakpoints', { start: place(from), end: place(to) }) ?? {};
    return locations.map(({ lineNumber, columnNumber, type }) => ({
      line: lineNumber,
      column: columnNumber,
      isReturn: type === 'return',
    }));
  },
};

const commands = {
  create: (given) => {
    options = given;
    reader = createReader(sources, (ms) => costs.push(ms));
    session.connect();
    session.on('Debugger.scriptParsed', ({ params: { url, scriptId, sourceMapURL, hash } }) => {
      if (url === '' || url.startsWith('node:')) return;
      const mapUrl = sourceMapURL.startsWith('data:') ? 'inline' : sourceMapURL;
      const path = url.startsWith('file:') ? fileURLToPath(url) : url;
      const script = { id: scriptId, path, mapUrl, ...(options.withHash ? { hash } : {}) };
      scripts.push(script);
      reader.add([script]);
      onLoad?.(script);
    });
    session.post('Debugger.enable');
  },
  load: async ({ file, commonjs }) => {
    if (commonjs) require(file);
    else await import(pathToFileURL(file).href);
    return scripts.filter(({ path }) => path === file).map(({ id }) => id);
  },
  run: async ({ file, name, args = [] }) => (await import(pathToFileURL(file).href))[name](...args),
  locate: ({ where, only, withSpan, names }) => reader.locate(where, only, withSpan, names),
  /** Locates in the next scripts while V8 compiles them. */
  locateNow: ({ where, maxMs }) => {
    found = [];
    onLoad = (script) => {
      const startMs = performance.now();
      const located = reader.locateNow(where, [script.id], maxMs);
      found.push({ path: script.path, located: located ?? null, ms: performance.now() - startMs });
    };
  },
  located: () => found,
  search: (query) => reader.search(query),
  map: (frames) => reader.map(frames),
  forget: (prefix) => reader.forget(prefix),
  /** As when the debugger goes on again: V8 tells all its scripts. */
  tellAll: (without) => reader.add(scripts.filter(({ id }) => id !== without), true),
  close: () => reader.close(),
  /** Ends the reader's thread as a crash would. */
  crash: () => threads.at(-1).terminate(),
  threads: () => ({ started: threads.length, alive: threads.filter(({ threadId }) => threadId > 0).length }),
  /** From now on an answer gets lost. */
  lose: (times) => {
    const { stops } = sources;
    sources.stops = (...args) => {
      times -= 1;
      return times >= 0 ? [() => 'cannot be sent'] : stops(...args);
    };
  },
  asked: () => ({ ...asked, costMs: costs.reduce((sum, one) => sum + one, 0) }),
  /** Locates while the program is busy with something else. */
  locateBusy: async ({ where, ms }) => {
    const located = reader.locate(where);
    await new Promise((resolve) => wait(resolve, 1));
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
    return located;
  },
  /** Asks, and ends the process at once. */
  leave: async ({ where, how }) => {
    if (how === 'waiting') {
      sources.text = () => undefined;
      // The reader waits for an answer that does not come before the end.
      void reader.locate(where);
      const untilMs = performance.now() + 500;
      while (performance.now() < untilMs);
      process.exit(7);
    }
    await reader.locate(where);
    process.exitCode = 7;
    process.disconnect();
  },
};

process.on('message', async ({ id, command, input }) => {
  try {
    const result = (await commands[command](input)) ?? null;
    if (process.connected) process.send({ t: 'done', id, result });
  } catch (error) {
    if (process.connected) process.send({ t: 'done', id, error: String(error?.stack ?? error) });
  }
});
process.send({ t: 'ready' });
