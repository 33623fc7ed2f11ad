// A line that is passed often, and what V8 says of its memory.
const { getHeapStatistics } = require('node:v8');
let sum = 0;

exports.hot = (times) => {
  for (let time = 0; time < times; time += 1) pass(time);
  return sum;
};

function pass(value) {
  sum += value; // <- hot
}

/** Bytes of handles: the debugger has one for each script that V8 has not collected. */
exports.handles = () => getHeapStatistics().used_global_handles_size;

exports.rss = () => process.memoryUsage.rss();

let collected = 0;
const marks = new FinalizationRegistry(() => {
  collected += 1;
});

/** From now on it is seen when V8 collects the old generation. */
exports.mark = () => {
  marks.register({});
  return collected;
};

/** Marks that V8 has collected. */
exports.collected = () => collected;

/** V8 does not go on with a collection while nothing is allocated. */
exports.work = () => {
  let last;
  for (let round = 0; round < 20; round += 1) last = Array.from({ length: 1_000 }, (_, index) => ({ index }));
  return last.length;
};
