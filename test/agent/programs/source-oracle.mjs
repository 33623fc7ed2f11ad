// Runs a published library twice: with a condition at every place V8 can stop at, and with a call inserted before the statement of each.
// Both must have been passed equally often, and the names that were read inserted must have the values V8 tells a debugger that
// pauses. MODE says which; tells what it counted and read as JSON.
import { readFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import Module, { createRequire } from 'node:module';

const { analyse, insert, passEdits } = await import(process.env.SOURCE_URL);
const library = process.env.LIBRARY;
const isOurs = (path) => path.includes(`node_modules/${library}/`);
const counts = {};
const session = new Session();
session.connect();
const ask = (method, params) => {
  let answer;
  session.post(method, params, (_, result) => (answer = result));
  return answer;
};
/** Where V8 can stop in each file, as offsets. */
const stops = {};
const scripts = [];
session.on('Debugger.scriptParsed', ({ params: { url, scriptId } }) => isOurs(url) && scripts.push({ path: url.replace('file://', ''), scriptId }));
ask('Debugger.enable');

const isInserted = process.env.MODE === 'inserted';
const wanted = isInserted ? JSON.parse(readFileSync(process.env.STOPS, 'utf8')) : {};
const refused = {};
let offered = 0;
let asked = 0;
globalThis.passed = (key) => {
  counts[key] = (counts[key] ?? 0) + 1;
};
/** Values of names at the first passes of a place. */
const values = {};
const maxPasses = 2;
globalThis.describe = (value) => {
  if (typeof value === 'function') return `function ${value.name}`;
  if (typeof value !== 'object' || value === null) return `${typeof value} ${String(value).slice(0, 50)}`;
  return Array.isArray(value) ? `array ${value.length}` : `object ${Object.keys(value).slice(0, 9).join()}`;
};
const names = {};
globalThis.$cell$ = (site, token, ...read) => {
  counts[site] = (counts[site] ?? 0) + 1;
  if (counts[site] <= maxPasses) {
    const one = Object.fromEntries(names[site].map((name, index) => [name, read.length === 0 ? 'error' : globalThis.describe(read[index])]));
    (values[site] ??= []).push(one);
  }
  return token;
};
if (isInserted) {
  globalThis.cells = {};
  const compile = Module.prototype._compile;
  Module.prototype._compile = function (text, path, ...rest) {
    if (!isOurs(path)) return compile.call(this, text, path, ...rest);
    const analysis = analyse(text);
    const namesOf = {};
    const edits = new Map();
    for (const offset of wanted[path] ?? []) {
      asked += 1;
      const insertion = analysis.insertionAt(offset);
      if ('why' in insertion) {
        refused[insertion.why] = (refused[insertion.why] ?? 0) + 1;
        continue;
      }
      offered += 1;
      const key = `${path}:${insertion.at}`;
      (globalThis.cells[key] ??= []).push(`${path}:${offset}`);
      namesOf[key] = insertion.names.map(({ name }) => name);
      if (!edits.has(insertion.at)) edits.set(insertion.at, passEdits(insertion, { cell: '$cell$', token: '$token$', site: JSON.stringify(key), names: insertion.names }));
    }
    Object.assign(names, namesOf);
    return compile.call(this, insert(text, [...edits.values()].flat()), path, ...rest);
  };
}
/** At a pause: the names as V8 has them in the frame. */
session.on('Debugger.paused', ({ params: { callFrames, hitBreakpoints } }) => {
  for (const id of hitBreakpoints) {
    const { key, insertion } = reads.get(id);
    const read = {};
    for (const { name, text } of insertion.names) {
      const { result, exceptionDetails } = ask('Debugger.evaluateOnCallFrame', {
        callFrameId: callFrames[0].callFrameId,
        expression: `globalThis.describe(${text})`,
      });
      read[name] = exceptionDetails === undefined ? result.value : 'error';
    }
    (values[key] ??= []).push(read);
    if (values[key].length >= maxPasses) ask('Debugger.removeBreakpoint', { breakpointId: id });
  }
});
const reads = new Map();
const loaded = createRequire(import.meta.url)(library);
if (!isInserted) {
  for (const { path, scriptId } of scripts) {
    const { scriptSource } = ask('Debugger.getScriptSource', { scriptId });
    const lines = [0];
    for (let at = scriptSource.indexOf('\n'); at >= 0; at = scriptSource.indexOf('\n', at + 1)) lines.push(at + 1);
    const { locations = [] } = ask('Debugger.getPossibleBreakpoints', { start: { scriptId, lineNumber: 0, columnNumber: 0 } }) ?? {};
    // A condition costs a tenth of a millisecond at every pass: a part of the places will do.
    const some = locations.filter((_, index) => index % Number(process.env.EVERY) === 0);
    stops[path] = some.map(({ lineNumber, columnNumber }) => lines[lineNumber] + columnNumber);
    const analysis = analyse(scriptSource);
    for (const [index, location] of some.entries()) {
      const offset = stops[path][index];
      const insertion = process.env.MODE === 'paused' ? analysis.insertionAt(offset) : { why: 'not asked' };
      if (!('why' in insertion)) {
        const set = ask('Debugger.setBreakpoint', { location });
        if (set !== undefined) reads.set(set.breakpointId, { key: `${path}:${offset}`, insertion });
      }
      if (process.env.MODE === 'paused') continue;
      const key = JSON.stringify(`${path}:${stops[path][index]}`);
      ask('Debugger.setBreakpoint', { location, condition: `(globalThis.passed(${key}),false)` });
    }
  }
}
for (const key of Object.keys(counts)) delete counts[key];
for (const key of Object.keys(values)) delete values[key];
const output = [];
const work = {
  yaml: ({ parse, stringify, parseDocument }) => {
    for (const text of ['a: [1, 2, {b: "x"}]\nc:\n  d: |\n    text\n  e: 1 # note\n', '- &a {x: 1}\n- *a\n- !!set {q, r}\n', 'a: b: c\n', '"unclosed', '? k\n: >-\n  folded\n  more\n'])
      try {
        output.push(stringify(parse(text)), String(parseDocument(text)), parseDocument(text).errors.length);
      } catch (error) {
        output.push(error.message);
      }
  },
  acorn: ({ parse }) => {
    for (const text of ['class A extends B { #a = 1; static { x() } get b() { return this.#a } }', 'for (const [a, b = 1] of c) if (d) e(`${f}`); else g?.h', 'async function* f() { await 1; yield* g }', 'let let'])
      try {
        output.push(JSON.stringify(parse(text, { ecmaVersion: 'latest' })));
      } catch (error) {
        output.push(error.message);
      }
  },
}[library];
work(loaded);
if (isInserted) {
  const byStop = {};
  for (const [key, keys] of Object.entries(globalThis.cells)) for (const stop of keys) byStop[stop] = counts[key] ?? 0;
  const readAt = {};
  for (const [key, keys] of Object.entries(globalThis.cells)) for (const stop of keys) readAt[stop] = values[key] ?? [];
  console.log(JSON.stringify({ counts: byStop, values: readAt, refused, offered, asked, output }));
} else console.log(JSON.stringify({ counts, values, stops, output }));
