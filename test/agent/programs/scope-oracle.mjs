// Stops at places of a published library (every third one V8 can stop at) and compares the names V8 has in scope with those found by
// reading the text. Pausing is safe here: nobody else is connected. Says what it found as JSON.
import { Session } from 'node:inspector';
import { createRequire } from 'node:module';

const { analyseScopes } = await import(process.env.SCOPES_URL);
const { parse, stringify } = createRequire(import.meta.url)('yaml');
const wrapper = ['exports', 'require', 'module', '__filename', '__dirname', 'arguments', 'this'];
const session = new Session();
session.connect();
const ask = (method, params) => {
  let answer;
  session.post(method, params, (_, result) => (answer = result));
  return answer;
};
const scripts = new Map();
const missing = new Set();
let places = 0;

function compare({ location, scopeChain }) {
  const { source, scopesAt } = scripts.get(location.scriptId);
  const lines = source.split('\n');
  const offset = lines.slice(0, location.lineNumber).join('\n').length + (location.lineNumber > 0 ? 1 : 0) + location.columnNumber;
  const found = new Set(scopesAt(offset).scopes.flatMap(({ names }) => names.map(({ name }) => name)));
  for (const { type, object } of scopeChain) {
    if (type === 'global' || type === 'script') continue;
    for (const { name } of ask('Runtime.getProperties', { objectId: object.objectId, ownProperties: true }).result) {
      if (!found.has(name) && !wrapper.includes(name)) missing.add(`${name} on: ${lines[location.lineNumber].trim()}`);
    }
  }
  places += 1;
}

session.on('Debugger.scriptParsed', ({ params: { url, scriptId } }) => url.includes('node_modules/yaml/') && scripts.set(scriptId, {}));
session.on('Debugger.paused', ({ params: { callFrames, hitBreakpoints } }) => {
  for (const breakpointId of hitBreakpoints) ask('Debugger.removeBreakpoint', { breakpointId });
  compare(callFrames[0]);
  ask('Debugger.resume');
});
ask('Debugger.enable');
for (const [scriptId, script] of scripts) {
  script.source = ask('Debugger.getScriptSource', { scriptId }).scriptSource;
  script.scopesAt = analyseScopes(script.source);
  const { locations = [] } = ask('Debugger.getPossibleBreakpoints', { start: { scriptId, lineNumber: 0, columnNumber: 0 } }) ?? {};
  for (const location of locations.filter((_, index) => index % 3 === 0)) ask('Debugger.setBreakpoint', { location });
}
stringify(parse('a: [1, 2, {b: "x"}]\nc:\n  d: |\n    text\n  e: 1 # note\n'));
console.log(JSON.stringify({ places, missing: [...missing] }));
