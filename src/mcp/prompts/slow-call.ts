import { limits } from '../../protocol/limits.ts';
import { cleanUp, type Prompt, readHits, service } from './prompt.ts';

const maxThresholdMs = limits.maxTimeoutSeconds * 1_000;

/** From a slow function to the part of it, and the values, that take the time. */
export const debugSlowCall: Prompt = {
  name: 'debug_slow_call',
  title: 'Debug a slow call',
  description: 'Find out which part of a function takes the time in a running program, and for which values.',
  arguments: [
    { name: 'function', description: 'The function or method that is slow, as Cart.total.', required: true, maxChars: 500 },
    service,
    {
      name: 'slowerThanMs',
      description: 'What counts as slow, in milliseconds; default: the slowest twentieth of the calls.',
      required: false,
      maxChars: 10,
      refuse: (text) =>
        /^\d+(?:\.\d+)?$/.test(text) && Number(text) > 0 && Number(text) <= maxThresholdMs
          ? undefined
          : `a number above 0, of at most ${maxThresholdMs}`,
    },
  ],
  steps: (investigation) => [
    `Find the program and the function in the deployed source:
   list_sources {}
   locate {"source":{"service":"…"},"function":"Cart.total"}`,
    `Measure the whole function on a line of its body. Without hits or counts ask explain why:
   measure_duration {"source":{"service":"…"},"file":"src/cart.ts","line":42,"timeoutSeconds":60,"investigation":"${investigation}"}`,
    `Halve it: measure from a line to a later one of the same function, and go on in the half that takes the time, until one statement is left:
   measure_duration {"file":"src/cart.ts","line":42,"toLine":60,"timeoutSeconds":60,"investigation":"${investigation}"}
   Count a line inside a loop when a part is fast but may run often:
   count_hits {"file":"src/cart.ts","line":50,"timeoutSeconds":30,"investigation":"${investigation}"}`,
    `Take snapshots of the slow calls only; the threshold is slowerThanMs of the facts, or else the p95 you measured:
   measure_duration {"file":"src/cart.ts","line":42,"thresholdMs":500,"maxHits":5,"timeoutSeconds":300,"investigation":"${investigation}"}`,
    readHits,
    `Take snapshots of the same line for calls of every speed, and let the bridge say which values separate slow from fast:
   take_snapshot {"file":"src/cart.ts","line":42,"maxHits":10,"investigation":"${investigation}"}
   compare_hits {"a":{"actionIds":["act_…"]},"b":{"actionIds":["act_…"]}}`,
    cleanUp(investigation),
  ],
};
