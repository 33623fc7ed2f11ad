import { cleanUp, type Prompt, readHits, service } from './prompt.ts';

/** From an exception's message or stack trace to the values that made it. */
export const debugException: Prompt = {
  name: 'debug_exception',
  title: 'Debug an exception',
  description: 'Find out which values make a running program throw an exception.',
  arguments: [
    { name: 'error', description: 'The exception: its message, best with the stack trace.', required: true, maxChars: 8_000 },
    service,
  ],
  steps: (investigation) => [
    `Find the program, and note its version and commit:
   list_sources {}`,
    `Find the throwing line in the deployed source, from the innermost line of the stack trace that is not in a library, or else from a piece of the message:
   locate {"source":{"service":"…"},"stackLine":"at priceOf (src/checkout.ts:42:9)"}
   locate {"source":{"service":"…"},"snippet":"throw new Error("}`,
    `Read what that line sees just before it throws. Make the condition that of the failing case alone, and name in expressions what the line reads:
   take_snapshot {"source":{"service":"…"},"file":"src/checkout.ts","line":42,"expectLine":"…","condition":"order.customer === undefined","expressions":["order.id"],"maxHits":3,"timeoutSeconds":300,"investigation":"${investigation}"}`,
    readHits,
    `Take the same snapshot with the opposite condition, and let the bridge say which values separate passes that fail from passes that do not:
   compare_hits {"a":{"actionIds":["act_…"]},"b":{"actionIds":["act_…"]}}
   A value that a summary names is read whole by its path:
   get_hits {"actionId":"act_…","view":"path","path":"order.customer"}`,
    `Follow the value that is wrong to where it is made: the stack of a hit names the callers. Snapshot there, as before, until you are at the line that makes it.`,
    cleanUp(investigation),
  ],
};
