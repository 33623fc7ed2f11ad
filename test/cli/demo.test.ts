import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectCaller } from '../flow/world.ts';
import { type Serving, serving } from './sidelight.ts';

let demo: Serving;
beforeAll(async () => {
  demo = await serving('demo');
}, 90_000);
afterAll(async () => {
  await demo?.stop();
});

describe('sidelight demo', () => {
  it('names a program and a line of it, and a snapshot there is hit', async () => {
    const { program, fullKey = '', mcpUrl } = demo.first;
    expect(program).toEqual({ service: 'shop', file: 'src/checkout.ts', line: expect.any(Number) });
    const caller = await connectCaller(mcpUrl, fullKey);
    const { structured } = await caller.call('take_snapshot', {
      source: { service: program?.service },
      file: program?.file,
      line: program?.line,
      expressions: ['order.total'],
    });
    expect(structured).toMatchObject({ status: 'completed', hitCount: 1, bound: { line: program?.line } });
    expect(structured.hits[0]?.expressions[0]?.value).toEqual(expect.any(Number));
    await caller.close();
  }, 60_000);

  it('stops cleanly, and the shop with it', async () => {
    const { code, ms } = await demo.stop();
    expect(code).toBe(0);
    expect(ms).toBeLessThan(15_000);
  });
});
