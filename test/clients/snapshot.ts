import { expect } from 'vitest';
import { onTill } from './till.ts';

/** What the till holds at its line, every time. */
const paid = 39;

/** Whatever a client made of the answer, it has to be a completed snapshot that holds the value. */
export function expectSnapshot(structured: unknown): void {
  expect(structured).toMatchObject({
    status: 'completed',
    hitCount: 1,
    bound: { line: onTill.line },
    hits: [{ number: 1, expressions: [{ expression: 'paid', value: paid }] }],
  });
}

/** The data in an answer's text, for clients that hand on only that; it stands in a fence, alone on its line. */
export function dataIn(text: string): unknown {
  const line = text.split('\n').find((each) => each.startsWith('{"requestId"'));
  if (line === undefined) throw new Error(`There is no data in this text: ${text}`);
  return JSON.parse(line) as unknown;
}
