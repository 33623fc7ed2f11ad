// Preload: instruments the files that PATTERNS names, and lends the result to the program.
import { writeSync } from 'node:fs';

const { installLoadTime } = await import(process.env.LOAD_TIME_URL);
const say = (message) => process.env.SAY && writeSync(2, `${message}\n`);
const loadTime = installLoadTime({
  patterns: (process.env.PATTERNS ?? '**').split(','),
  directory: process.cwd(),
  log: { warn: say, debug: say },
});
Object.defineProperty(globalThis, Symbol.for('load-time'), { value: loadTime });
/** Has the handler called at the line of a loaded file that is marked so; gives what `arm` gives, and how to end it. */
Object.defineProperty(globalThis, Symbol.for('arm-marked'), {
  value: (ending, mark, handler) => {
    const { id } = loadTime.files().find(({ path }) => path.endsWith(ending));
    const lines = loadTime.text(id).split('\n');
    const line = lines.findIndex((one) => one.endsWith(`// <- ${mark}`));
    const [stop] = loadTime.stops(id, { line, column: 0 }, { line: line + 1, column: 0 });
    const offset = lines.slice(0, line).join('\n').length + 1 + stop.column;
    return { armed: loadTime.arm(id, offset, handler), id, offset, disarm: () => loadTime.disarm(id, offset) };
  },
});
// Everything is armed, and does as a real probe would: looks at the values, and hands on its token.
let passes = 0;
let wrong = 0;
const armAll = ({ id }) => {
  const text = loadTime.text(id);
  const starts = [0];
  for (const { index } of text.matchAll(/\n/g)) starts.push(index + 1);
  for (const { line, column } of loadTime.stops(id, { line: 0, column: 0 }, { line: starts.length, column: 0 })) {
    // Where the body of an async function begins: a token that is not the same at both ends.
    loadTime.armSpan(id, starts[line] + column, (token) => {
      passes += 1;
      return token === undefined ? 1 : 0;
    });
    const armed = loadTime.arm(id, starts[line] + column, (token, values) => {
      if (values.length !== 0 && values.length !== armed.names.length) wrong += 1;
      passes += 1;
      return (token ?? 0) + 1;
    });
  }
};
Object.defineProperty(globalThis, Symbol.for('arm-function'), {
  value: (ending, head, handler) => {
    const { id } = loadTime.files().find(({ path }) => path.endsWith(ending));
    const text = loadTime.text(id);
    const brace = text.indexOf('{', text.indexOf(head)) + 1;
    const offset = brace + text.slice(brace).search(/\S/);
    return { armed: loadTime.armSpan(id, offset, handler), has: loadTime.hasSpan(id, offset), disarm: () => loadTime.disarmSpan(id, offset) };
  },
});
if (process.env.ARM_ALL) loadTime.onLoaded(armAll);
process.on('exit', () => {
  if (process.env.ARM_ALL) writeSync(2, `passes: ${passes}\n`);
  if (wrong > 0) writeSync(2, `calls with a wrong number of values: ${wrong}\n`);
  const files = loadTime.files().map(({ path }) => path.replace(/.*[\\/]/, ''));
  if (process.env.REPORT) writeSync(2, `instrumented: ${files.sort().join(' ')}\n`);
});
