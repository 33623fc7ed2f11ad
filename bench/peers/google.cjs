// The engine of @google-cloud/debug-agent without its service: probes come and captures go through the channel to the parent.
const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const source = (name) => require(join(process.env.BENCH_PEER, 'build/src/agent', name));

const program = process.argv[1];
const { defaultConfig } = source('config.js');
const { InspectorDebugApi } = source('v8/inspector-debugapi.js');
const { SourceMapper } = source('io/sourcemapper.js');

const log = { error: console.error, warn: () => {}, info: () => {}, debug: () => {} };
const lines = readFileSync(program, 'utf8').split('\n').length + 1;
const config = { ...defaultConfig, javascriptFileExtensions: ['.js', '.cjs'] };
config.capture = { ...defaultConfig.capture, ...JSON.parse(process.env.BENCH_PEER_CAPTURE) };
const api = new InspectorDebugApi(log, config, { [program]: { hash: '', lines } }, new SourceMapper(log));
let current;
let timer;
let number = 0;

function place(asked) {
  const { line, condition, kind, waitMs } = asked;
  const breakpoint = {
    id: `probe-${number++}`,
    location: { path: program, line },
    action: kind === 'logpoint' ? 'LOG' : 'CAPTURE',
  };
  if (condition !== undefined) breakpoint.condition = condition;
  if (kind === 'logpoint') Object.assign(breakpoint, { logMessageFormat: 'total $0', expressions: ['total'] });
  current = breakpoint;
  api.set(breakpoint, (error) => {
    if (error) return process.send({ refused: error.message });
    process.send({ placed: true });
    if (kind === 'logpoint') {
      api.log(
        breakpoint,
        (format, values) => process.send({ line: format + values }),
        () => false,
      );
      return;
    }
    // A snapshot of theirs is one hit; the next one is asked for again.
    api.wait(breakpoint, () => {
      const { stackFrames, variableTable } = breakpoint;
      process.send({ hit: { locals: stackFrames[0].locals, args: stackFrames[0].arguments, table: variableTable } });
      api.clear(breakpoint, () => {
        timer = setTimeout(place, waitMs, asked);
      });
    });
  });
}

process.on('message', (asked) => {
  if (asked.remove !== true) return place(asked);
  clearTimeout(timer);
  api.clear(current, () => process.send({ removed: true }));
});
