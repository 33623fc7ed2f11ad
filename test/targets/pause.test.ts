import { expect, it } from 'vitest';
import { openPauses } from '../../src/targets/pause.ts';

it('a pause stays on where a look that began before it ends behind the one that saw it', async () => {
  let paused: { org: string; pausedAt: number }[] = [];
  let arrive = () => {};
  const underWay = new Promise<void>((resolve) => {
    arrive = resolve;
  });
  let looks = 0;
  const pauses = await openPauses({
    async all() {
      looks += 1;
      const found = paused;
      if (looks === 2) await underWay;
      return found;
    },
    pause: async () => undefined,
    resume: async () => undefined,
  });
  const early = pauses.refresh();
  paused = [{ org: 'acme', pausedAt: 1 }];
  expect(await pauses.refresh()).toEqual(['acme']);
  arrive();
  expect(await early).toEqual([]);
  expect(pauses.isOn('acme')).toBe(true);
  paused = [];
  expect(await pauses.refresh()).toEqual(['acme']);
  expect(pauses.isOn('acme')).toBe(false);
});
