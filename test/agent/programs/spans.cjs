// Functions with durations measured at breakpoints: the conditions tell `spans` of each pass, and the program notes what it knows itself.
const { AsyncLocalStorage } = require('node:async_hooks');
const { readFileSync } = require('node:fs');
const { Session } = require('node:inspector');

const told = [];
const own = new AsyncLocalStorage();
let broken = 0;
/** Time that only the program moves, so that each activation takes a time of its own. */
let now = 0;
const turn = () => new Promise((resolve) => setImmediate(resolve));
const wait = async (turns) => {
  for (let count = 0; count < turns; count += 1) await turn();
};

function sync(ms, options = {}, inner = undefined) {
  let entered = 1; // <- sync enter
  if (!options.skips) {
    entered += 1; // <- sync start
  }
  now += ms;
  if (inner !== undefined) inner();
  if (options.throws) throw new Error('thrown');
  return entered; // <- sync end
}

async function work(turns, options = {}, inner = undefined) {
  let entered = 1; // <- work enter
  if (options.waitsFirst) await wait(1);
  if (!options.skips) {
    entered += 1; // <- work start
  }
  const store = own.getStore();
  await wait(turns);
  if (own.getStore() !== store) broken += 1;
  now += 1;
  if (inner !== undefined) await inner();
  if (options.throws) throw new Error('thrown');
  return entered; // <- work end
} // <- work last

async function again(times) {
  let passes = 0; // <- again enter
  passes += 1; // <- again start
  for (let count = 0; count < times; count += 1) {
    await turn();
    now += 1;
    passes += 1; // <- again end
  }
  return passes;
}

const lines = readFileSync(__filename, 'utf8').split('\n');
const session = new Session();
let ids = [];

async function main() {
  const { SyncSpans, AsyncSpans, stackDepth, isOnStack } = await import(process.env.KINDS_URL);
  const marked = (name) => lines.findIndex((line) => line.trimEnd().endsWith(`// <- ${name}`));
  const spans = {
    sync: new SyncSpans(() => stackDepth(hook)),
    work: await AsyncSpans.open(() =>
      isOnStack(hook, 1, __filename, { line: marked('work enter'), column: 0 }, { line: marked('work last'), column: 0 }),
    ),
    again: await AsyncSpans.open(() => false),
  };
  const hook = (kind, what) => {
    if (what === 'enter') spans[kind].enter();
    if (what === 'start') spans[kind].start(() => now);
    if (what === 'end') told.push(spans[kind].end(now) ?? 'unknown');
    return false;
  };
  globalThis.hook = hook;
  let scriptId;
  session.connect();
  session.on('Debugger.scriptParsed', ({ params }) => {
    if (params.url.endsWith('spans.cjs')) scriptId = params.scriptId;
  });
  session.post('Debugger.enable');
  const put = () => {
    for (const kind of ['sync', 'work', 'again'])
      for (const what of ['enter', 'start', 'end'])
        session.post(
          'Debugger.setBreakpoint',
          { location: { scriptId, lineNumber: marked(`${kind} ${what}`) }, condition: `hook('${kind}','${what}')` },
          (error, result) => {
            if (error) throw new Error(error.message);
            ids.push(result.breakpointId);
          },
        );
  };
  const take = () => {
    for (const breakpointId of ids) session.post('Debugger.removeBreakpoint', { breakpointId });
    ids = [];
    spans.sync.clear();
    spans.work.clear();
    spans.again.clear();
  };
  put();
  const result = {};
  const part = async (name, run) => {
    told.length = 0;
    await run();
    result[name] = told.slice();
    await turn();
  };
  const quiet = (run) => {
    try {
      run();
    } catch {}
  };

  await part('syncPlain', () => [3, 5, 8].forEach((ms) => sync(ms)));
  await part('syncNested', () => sync(1, {}, () => sync(10, {}, () => sync(100))));
  await part('syncThrows', () => {
    for (const options of [{ throws: true }, { skips: true }, {}]) quiet(() => sync(4, options));
  });
  await part('syncInnerThrows', () => sync(1, {}, () => quiet(() => sync(10, { throws: true }))));
  await part('syncInnerSkips', () => sync(1, {}, () => sync(10, { skips: true })));
  await part('syncOuterSkips', () => sync(1, { skips: true }, () => sync(10)));
  await part('syncDeep', () => {
    const dig = (left) => (left === 0 ? sync(1) : dig(left - 1));
    dig(400);
    dig(600);
  });

  const all = (list) => Promise.allSettled(list);
  await part('asyncConcurrent', () => all([5, 1, 3].map((turns) => own.run(turns, () => work(turns)))));
  await part('asyncLeaks', async () => {
    const first = work(6);
    const second = work(2, { skips: true });
    await all([first, second]);
  });
  await part('asyncThrows', async () => {
    await all([work(1, { throws: true })]);
    await all([work(2, { skips: true })]);
    await work(1);
  });
  await part('asyncWaitsFirst', () => all([work(3, { waitsFirst: true }), work(1, { waitsFirst: true })]));
  await part('asyncRecursive', async () => {
    await work(1, {}, () => all([work(1, { throws: true })]));
    await work(2);
  });
  await part('asyncThroughOther', () => work(1, {}, async () => {
    await turn();
    await work(1);
  }));
  await part('asyncAgain', () => again(3));
  await part('asyncMissed', async () => {
    const before = work(4);
    await turn();
    take();
    const away = work(4);
    await turn();
    put();
    const back = work(1);
    await all([before, away, back]);
  });
  await part('asyncOwnContext', async () => {
    await own.run('mine', async () => {
      own.enterWith('other');
      await work(1);
      if (own.getStore() !== 'other') broken += 1;
    });
    if (own.getStore() !== undefined) broken += 1;
  });
  take();
  session.disconnect();
  delete globalThis.hook;
  own.disable();
  spans.work.close();
  spans.again.close();
  await wait(2);
  const marks = Reflect.ownKeys((async () => {})()).length;
  console.log(JSON.stringify({ result, broken, marks, hasHooks: spans.work.hasHooks, now }));
}

main();
