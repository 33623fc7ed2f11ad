import { afterEach, expect, it } from 'vitest';
import { createLog } from '../../src/lib/log.ts';
import { startBridge, type TestBridge } from '../helpers/bridge.ts';
import { createTestClock } from '../helpers/clock.ts';
import { handClient } from './flow.ts';

let bridge: TestBridge;
afterEach(() => bridge.close());

it('OAuth requests that are refused are logged sixty times a minute, and then how many more there were', async () => {
  const clock = createTestClock();
  const lines: { msg: string; left?: number }[] = [];
  const log = createLog('info', { write: (line) => void lines.push(JSON.parse(line)) });
  bridge = await startBridge({}, clock, { log });
  const client = handClient(bridge.url.origin);
  for (let turn = 0; turn < 70; turn += 1) expect((await client.refresh('slr_x', 'nobody')).status).toBe(401);
  const about = (words: string) => lines.filter(({ msg }) => msg.includes(words));
  expect(about('an OAuth request was refused')).toHaveLength(60);
  expect(about('more OAuth requests were refused')).toEqual([]);
  clock.advance(60_000);
  expect(about('more OAuth requests were refused')).toMatchObject([{ left: 10 }]);
  await client.refresh('slr_x', 'nobody');
  expect(about('an OAuth request was refused')).toHaveLength(61);
});
