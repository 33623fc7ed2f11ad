import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { CaptureData } from '../../src/protocol/frames.ts';
import { limits } from '../../src/protocol/limits.ts';
import type { Value } from '../../src/protocol/value.ts';
import { RawCapture } from '../../src/redaction/capture.ts';
import { defaultRedactionPolicy } from '../../src/redaction/policy.ts';
import { redact } from '../../src/redaction/redact.ts';
import { scrub, scrubInTurns } from '../../src/redaction/scrub.ts';
import { array, captureOf, object, viewOf } from './capture-data.ts';

const context = { tagKey: 'key' };
/** Characters of text that may be searched before others have their turn, with room for the text that goes beyond. */
const maxPieceChars = 16 * 1024;
/** One in two texts of it is hidden, so that nothing helps but to search. */
const text = (at: number): string =>
  `2026-11-21T09:00:00Z INFO order ${at} took ${at % 900} ms ${at % 2 === 0 ? `password=hunter${at}` : ''}`.padEnd(
    limits.maxStringChars,
    ' a1',
  );

/** As much text as a hit may hold, in one variable. */
function largest(): CaptureData {
  const count = Math.floor(limits.maxHitBytes / (limits.maxStringChars + 16));
  const lists: Value[] = [];
  for (let at = 0; at < count; at += limits.maxElements) {
    lists.push(array(...Array.from({ length: limits.maxElements }, (_, index) => text(at + index))));
  }
  return captureOf({ orders: object(Object.fromEntries(lists.map((list, at) => [`of${at}`, list]))) });
}

/** How many turns others had until the work was done. */
async function turnsDuring(work: Promise<unknown>): Promise<number> {
  let done = false;
  void work.finally(() => {
    done = true;
  });
  let turns = 0;
  while (!done) {
    await nextTurn();
    turns++;
  }
  return turns;
}

describe('the event loop', () => {
  const data = largest();
  const leastTurns = Math.floor(JSON.stringify(data).length / maxPieceChars);

  it('goes on while the largest hit that an agent may send is scrubbed', async () => {
    expect(await turnsDuring(scrubInTurns(RawCapture.fromAgent(data), defaultRedactionPolicy, context))).toBeGreaterThanOrEqual(
      leastTurns,
    );
  });

  it('goes on while such a hit is scrubbed again for an answer, under rules that came later', async () => {
    const capture = scrub(RawCapture.fromAgent(data), defaultRedactionPolicy, context);
    const hit = { actionId: 'act_1', number: 1, agentId: 'a', agentName: 'a', capturedAt: 0, receivedAt: 1, capture };
    const later = { ...defaultRedactionPolicy, names: { mine: ['of no interest'] } };
    const answer = redact({ structured: {}, view: viewOf([hit]) }, later, { tagKey: () => 'key' });
    expect(await turnsDuring(answer)).toBeGreaterThanOrEqual(leastTurns);
  });

  it('does not change what is hidden', async () => {
    const inTurns = await scrubInTurns(RawCapture.fromAgent(data), defaultRedactionPolicy, context);
    expect(inTurns.toStored()).toBe(scrub(RawCapture.fromAgent(data), defaultRedactionPolicy, context).toStored());
    expect(inTurns.toStored()).not.toContain('hunter');
  });
});
