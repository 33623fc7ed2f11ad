// Changes the code of programs that run in it. Started with `fork`; says what it found, then ends.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const { LiveEdit, DebuggerSession, defineCell, analyse, passEdits } = await import(process.env.LIVE_EDIT_URL);
const require = createRequire(process.env.LIVE_EDIT_ROOT ?? import.meta.url);
const load = (file) => (file.endsWith('.mjs') ? import(pathToFileURL(file).href) : require(file));

let session;
let scripts = [];
/** The debugger is on for as long as an edit takes. */
const withDebugger = (run) => {
  scripts = [];
  session = new DebuggerSession((script) => scripts.push(script));
  try {
    return run();
  } finally {
    session.close();
    session = undefined;
  }
};
const liveEdit = new LiveEdit(() => session);
const apply = (script, edits) => withDebugger(() => liveEdit.apply(script.id, script.source, edits));
const listed = (part) =>
  withDebugger(() =>
    scripts.filter(({ url }) => url.includes(part)).map(({ scriptId, url }) => ({ id: scriptId, url, source: session.source(scriptId) })),
  );
const textOf = (id) => withDebugger(() => session.source(id));
const cell = defineCell();
const token = '$token';
let hits = 0;
const count = (_site, carried) => {
  hits += 1;
  return carried;
};
const passAt = (place, site, withToken) =>
  passEdits(place.insertion, { cell: cell.name, token: withToken ? token : undefined, site, names: place.insertion.names.slice(0, 3) });

const scenarios = {
  /** Each statement in turn, then all that can be at once. */
  async shapes(file) {
    const { run } = await load(file);
    const base = await run();
    const [script] = listed(file.split('/').at(-1));
    const problems = [];
    const check = async (what, isSet) => {
      cell.set(isSet ? count : undefined);
      hits = 0;
      for (let time = 0; time < 2; time += 1) {
        const now = await run();
        if (now !== base) problems.push(`${what}: ${now} instead of ${base}`);
      }
      cell.set(undefined);
      return hits;
    };
    let hit = 0;
    const refused = [];
    const silent = [];
    const places = analyse(script.source).statements();
    for (const [site, place] of places.entries()) {
      const applied = apply(script, passAt(place, site, site % 2 === 0));
      const text = script.source.slice(place.offset, place.offset + 30);
      if (!applied.ok) {
        if (applied.isTemporary) problems.push(`${text}: ${applied.why}`);
        refused.push(`${applied.why} ${text}`);
        continue;
      }
      if ((await check(text, true)) > 0) hit += 1;
      else silent.push(text);
      await check(`${text}, idle`, false);
      const restored = apply(script, []);
      if (!restored.ok) problems.push(`${text} restored: ${restored.why}`);
      if ((await check(`${text}, restored`, true)) > 0) problems.push(`${text}: still there`);
    }
    return { problems, places: places.length, hit, refused, silent, isRestored: textOf(script.id) === script.source };
  },

  async several(file) {
    const { run } = await load(file);
    const base = await run();
    const [script] = listed(file.split('/').at(-1));
    const places = analyse(script.source).statements().filter((place) => /^(?:const hidden|return hidden|return value;|count \+=)/.test(script.source.slice(place.offset)));
    const found = [];
    for (let wanted = 0; wanted <= places.length; wanted += 1) {
      const edits = places.slice(0, wanted).flatMap((place, site) => passAt(place, site));
      const applied = apply(script, edits);
      hits = 0;
      cell.set(count);
      const now = await run();
      cell.set(undefined);
      found.push([applied.ok, now === base, hits]);
    }
    const restored = withDebugger(() => liveEdit.restore(script.id, script.source));
    return { places: places.length, found, restored: restored.ok, isRestored: textOf(script.id) === script.source };
  },

  async suspended(file) {
    const { ticking } = await load(file);
    const [script] = listed(file.split('/').at(-1));
    const place = analyse(script.source).statements().find(({ offset }) => script.source.startsWith('tick += 1', offset));
    const edits = passAt(place, 1);
    const running = ticking();
    await running.next();
    const blocked = apply(script, edits);
    const untouched = textOf(script.id) === script.source;
    await running.return();
    const applied = apply(script, edits);
    cell.set(count);
    hits = 0;
    const after = ticking();
    for (let time = 0; time < 3; time += 1) await after.next();
    await after.return();
    cell.set(undefined);
    const restored = apply(script, []);
    return { blocked, untouched, applied: applied.ok, hits, restored: restored.ok };
  },

  async refused(file) {
    const { run } = await load(file);
    const [script] = listed(file.split('/').at(-1));
    const applied = apply(script, [{ at: script.source.indexOf('return'), text: 'void 0;' }]);
    const noSyntax = apply({ id: script.id, source: `${script.source}\n` }, [{ at: 0, text: '}' }]);
    return { veto: liveEdit.veto, applied, noSyntax, isSame: textOf(script.id) === script.source, result: await run() };
  },

  async predicts(file) {
    await load(file);
    const [script] = listed(file.split('/').at(-1));
    const before = withDebugger(() => liveEdit.predictMs(script.id));
    const place = analyse(script.source).statements()[0];
    const applied = apply(script, passAt(place, 0));
    const after = liveEdit.predictMs(script.id);
    return { before, after, tookMs: applied.tookMs };
  },

  /** Statements at random in a published package, while it works. */
  async fuzz(name, seedText, timesText) {
    let seed = Number(seedText);
    const random = (below) => {
      seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
      return seed % below;
    };
    const { work, part } = await packages[name]();
    const base = await work();
    const found = listed(`/node_modules/${part}/`)
      .map((script) => ({ ...script, places: analyse(script.source).statements() }))
      .filter(({ places }) => places.length > 0);
    const problems = [];
    let [applied, refused] = [0, 0];
    const armed = new Map();
    for (let time = 0; time < Number(timesText); time += 1) {
      const script = found[random(found.length)];
      // Some stay while others come, several in one script.
      const edits = random(3) === 0 ? [] : [...(armed.get(script) ?? []), ...passAt(script.places[random(script.places.length)], time, random(2) === 0)];
      const result = apply(script, edits);
      if (!result.ok) {
        refused += 1;
        if (result.isTemporary) problems.push(`${script.url}: ${result.why}`);
      } else {
        applied += 1;
        armed.set(script, edits);
      }
      cell.set(random(4) === 0 ? undefined : count);
      for (let turn = 0; turn < 2; turn += 1) if ((await work()) !== base) problems.push(`${script.url}: another result at ${time}`);
      cell.set(undefined);
      if (random(5) === 0) globalThis.gc();
      if (problems.length > 0) break;
    }
    for (const script of armed.keys()) {
      const restored = apply(script, []);
      // V8 may have collected it: then nothing of it runs.
      if (!restored.ok && !restored.why.includes('not in memory')) problems.push(`${script.url}: not restored: ${restored.why}`);
    }
    hits = 0;
    cell.set(count);
    if ((await work()) !== base) problems.push('another result after restoring');
    return { problems, applied, refused, stale: hits, scripts: found.length };
  },

  async cells() {
    const first = defineCell();
    const descriptor = Object.getOwnPropertyDescriptor(globalThis, first.name);
    first.set(count);
    const called = globalThis[first.name] === count;
    first.release();
    const again = defineCell();
    const other = defineCell();
    Object.preventExtensions(globalThis);
    const third = defineCell();
    again.release();
    const reused = defineCell();
    Object.freeze(globalThis);
    const held = other.set(count);
    other.release();
    return {
      descriptor,
      called,
      isReused: again.name === first.name && reused.name === first.name,
      isDistinct: other.name !== again.name,
      third: third === undefined,
      afterFreezing: [held, defineCell() === undefined],
    };
  },
};

const packages = {
  yaml: async () => {
    const yaml = require('yaml');
    const data = JSON.parse(readFileSync(require.resolve('yaml/package.json'), 'utf8'));
    return { part: 'yaml', work: () => JSON.stringify(yaml.parse(yaml.stringify(data))) + yaml.parseDocument('a: &x [1, {b: 2}]\nc: *x\n').toString() };
  },
  qs: async () => {
    const qs = require('qs');
    return { part: 'qs', work: () => JSON.stringify(qs.parse('a[b][c]=1&a[b][d]=2&e[]=3&e[]=4')) + qs.stringify({ a: { b: [1, { c: 3 }] } }) };
  },
  ajv: async () => {
    const Ajv = require('ajv').default;
    const schema = { type: 'object', properties: { a: { type: 'integer', minimum: 2 }, b: { type: 'array', items: { type: 'string' } } } };
    return {
      part: 'ajv',
      work: () => {
        const validate = new Ajv({ strict: false }).compile(schema);
        return JSON.stringify([validate({ a: 3, b: ['x'] }), validate({ a: 1 }), validate.errors]);
      },
    };
  },
};

const [scenario, ...rest] = process.argv.slice(2);
process.send(await scenarios[scenario](...rest), () => process.exit());
