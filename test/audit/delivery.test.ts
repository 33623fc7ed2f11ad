import { expect, it } from 'vitest';
import type { Checkpoint } from '../../src/audit/checkpoint.ts';
import { createDelivery } from '../../src/audit/delivery.ts';
import { createLog } from '../../src/lib/log.ts';
import { createTestClock } from '../helpers/clock.ts';

it.each([0, 1, 2, 3, 4, 5, 6])(
  'a checkpoint that is added %i steps after the one before was taken is delivered at once',
  async (steps) => {
    const taken: number[] = [];
    let take = () => {};
    const isTaken = new Promise<void>((resolve) => {
      take = resolve;
    });
    const sink = {
      name: 'sink',
      async deliver({ seq }: Checkpoint) {
        taken.push(seq);
        if (seq === 1) await isTaken;
      },
    };
    const delivery = createDelivery(sink, { clock: createTestClock(), log: createLog('silent') });
    delivery.add({ seq: 1 } as Checkpoint);
    take();
    for (let step = 0; step < steps; step += 1) await Promise.resolve();
    delivery.add({ seq: 2 } as Checkpoint);
    for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect([taken, delivery.waiting()]).toEqual([[1, 2], 0]);
  },
);
