import { describe, expect, it } from 'vitest';
import { createLog } from '../../src/lib/log.ts';
import { createRinging } from '../../src/storage/ringing.ts';

const settle = () => new Promise((resolve) => setImmediate(resolve));

/** A bell whose sendings end when they are told to. */
function bell(maxBytes = 1_000) {
  const sent: string[][] = [];
  const ends: (() => void)[] = [];
  const ringing = createRinging(
    maxBytes,
    (rings) => {
      sent.push(rings.map(({ replica, notes }) => `${replica}: ${notes.replaceAll('\n', ' ')}`));
      return new Promise((resolve) => ends.push(resolve));
    },
    createLog('silent'),
  );
  return { ringing, sent, end: () => ends.shift()?.() };
}

describe('notes on their way out', () => {
  it('go together when they come together, equal ones once, each replica its own', async () => {
    const { ringing, sent } = bell();
    for (const note of ['x', 'y', 'x']) ringing.ring(['a', 'b'], note);
    await settle();
    expect(sent).toEqual([['a: x y', 'b: x y']]);
  });

  it('do not wait for one sending, and go together behind two', async () => {
    const { ringing, sent, end } = bell();
    for (const note of ['1', '2', '3', '4']) {
      ringing.ring(['a'], note);
      await settle();
    }
    expect(sent).toEqual([['a: 1'], ['a: 2']]);
    end();
    await settle();
    expect(sent.at(-1)).toEqual(['a: 3 4']);
  });

  it('all go, whenever they come', async () => {
    const gaps = Array.from({ length: 15 }, (_, turns) => turns);
    for (const first of gaps) {
      for (const second of gaps) {
        const sent: string[] = [];
        const send = async (rings: { notes: string }[]) => void sent.push(...rings.flatMap(({ notes }) => notes.split('\n')));
        const ringing = createRinging(1_000, send, createLog('silent'));
        for (const [note, turns] of [first, second, 0].entries()) {
          ringing.ring(['a'], `${note}`);
          for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
        }
        await settle();
        expect(sent).toHaveLength(3);
      }
    }
  });

  it('are parted where they are too long for one message', async () => {
    const { ringing, sent } = bell(5);
    for (const note of ['12', '34', '56']) ringing.ring(['a'], note);
    await settle();
    expect(sent).toEqual([['a: 12 34', 'a: 56']]);
  });
});
