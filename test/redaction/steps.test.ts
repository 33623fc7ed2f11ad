import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { limits } from '../../src/protocol/limits.ts';
import { RawCapture } from '../../src/redaction/capture.ts';
import { defaultRedactionPolicy } from '../../src/redaction/policy.ts';
import { scrubInTurns } from '../../src/redaction/scrub.ts';
import { array, captureOf } from './capture-data.ts';

const context = { tagKey: 'key' };
/** Less than one piece of work; none of it is harmless at first sight. */
const text = (at: number) => `order ${at} password=hunter${at} took ${at % 900} ms`.padEnd(limits.maxStringChars, ' a1');
const capture = () => RawCapture.fromAgent(captureOf({ lines: array(...Array.from({ length: 5 }, (_, at) => text(at))) }));

describe('many captures that come at once', () => {
  it('are scrubbed a few in a turn, though each of them is one piece of work', async () => {
    let done = false;
    const all = Promise.all(Array.from({ length: 100 }, () => scrubInTurns(capture(), defaultRedactionPolicy, context))).finally(
      () => {
        done = true;
      },
    );
    let turns = 0;
    for (; !done; turns += 1) await nextTurn();
    await all;
    expect(turns).toBeGreaterThan(10);
  });
});
