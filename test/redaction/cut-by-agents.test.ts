import { expect, it } from 'vitest';
import type { CaptureData } from '../../src/protocol/frames.ts';
import { limits } from '../../src/protocol/limits.ts';
import { answerOf, captureOf, object } from './capture-data.ts';

/** The beginning of a token, too short to be one unless the text was cut there. */
const begun = 'ghp_16C7e42F292c';

const upTo = (chars: number): string => `${'x '.repeat(chars)}`.slice(0, chars - begun.length - 1).concat(' ', begun);

const places: Record<string, { chars: number; place(text: string): CaptureData }> = {
  'a symbol': { chars: limits.maxStringChars, place: (text) => captureOf({ s: { $: 'symbol', text } }) },
  'a regular expression': { chars: limits.maxStringChars, place: (text) => captureOf({ r: { $: 'regexp', text } }) },
  'the message of an error': {
    chars: limits.maxMessageChars,
    place: (message) => captureOf({ e: { $: 'error', className: 'Error', message, fields: [] } }),
  },
  'the stack of an error': {
    chars: limits.maxErrorStackChars,
    place: (stack) => captureOf({ e: { $: 'error', className: 'Error', message: 'm', stack, fields: [] } }),
  },
  'the name of a field': { chars: limits.maxNameChars, place: (name) => captureOf({ o: object({ [name]: 1 }) }) },
};

it.each(Object.entries(places))('%s that an agent cut shows no token that begins at the cut', async (_, { chars, place }) => {
  expect(JSON.stringify((await answerOf(place(upTo(chars)))).hit)).not.toContain(begun);
  // A shorter one is whole, and this is no token.
  expect(JSON.stringify((await answerOf(place(upTo(chars - 10)))).hit)).toContain(begun);
});
