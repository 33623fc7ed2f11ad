import { cleanUp, type Prompt, readHits, service } from './prompt.ts';

/** From a value that is wrong to the line and the values that made it so. */
export const debugWrongValue: Prompt = {
  name: 'debug_wrong_value',
  title: 'Debug a wrong value',
  description: 'Find out where and why a value in a running program becomes wrong.',
  arguments: [
    {
      name: 'symptom',
      description: 'Which value is wrong, where it is seen, and what it should be.',
      required: true,
      maxChars: 4_000,
    },
    {
      name: 'place',
      description: 'File and line, or function, where the value is made or seen.',
      required: false,
      maxChars: 500,
    },
    service,
  ],
  steps: (investigation) => [
    `Find the program, and the place where the wrong value is seen, in the deployed source:
   list_sources {}
   locate {"source":{"service":"…"},"function":"priceOf"}`,
    `Catch the wrong value with a condition that only it meets, and read what made it:
   take_snapshot {"source":{"service":"…"},"file":"src/checkout.ts","line":42,"expectLine":"…","condition":"price < 0","maxHits":5,"timeoutSeconds":300,"investigation":"${investigation}"}`,
    readHits,
    `When nobody knows what is wrong, only that some are: look at the spread of the number, or at one line a pass, and then choose the condition:
   measure_value {"file":"src/checkout.ts","line":42,"expression":"price","timeoutSeconds":60,"investigation":"${investigation}"}
   add_log {"file":"src/checkout.ts","line":42,"template":"{order.id}: {price}","maxHits":20,"investigation":"${investigation}"}`,
    `Take the same snapshot with the opposite condition, and let the bridge say which values separate wrong from right:
   compare_hits {"a":{"actionIds":["act_…"]},"b":{"actionIds":["act_…"]}}
   A value that a summary names is read whole by its path:
   get_hits {"actionId":"act_…","view":"path","path":"order.discount"}`,
    `Go back along the stack, or to the line that assigns the value, until its inputs are right and the value is wrong: that line is the cause.`,
    cleanUp(investigation),
  ],
};
