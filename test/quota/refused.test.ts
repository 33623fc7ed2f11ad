import { describe, expect, it } from 'vitest';
import type { AuditRecord, AuditStore } from '../../src/audit/record.ts';
import { createLog } from '../../src/lib/log.ts';
import { hourMs } from '../../src/quota/charge.ts';
import type { Counters } from '../../src/quota/counters.ts';
import { createRefusedCalls } from '../../src/quota/refused.ts';
import { principal } from '../authorization/world.ts';
import { createTestClock } from '../helpers/clock.ts';

/** A table for counting and a list for recording, both in memory; `isBroken` makes the counters fail. */
function world() {
  const used = new Map<string, number>();
  const records: AuditRecord[] = [];
  const state = { isBroken: false };
  const counters: Counters = {
    async spend({ org, quota, subject, limit, windowMs }, now) {
      if (state.isBroken) throw new Error('connection lost');
      const window = Math.floor(now / windowMs);
      const key = JSON.stringify([org, quota, subject, window]);
      const renewsAt = (window + 1) * windowMs;
      const soFar = used.get(key) ?? 0;
      if (soFar >= limit) return { ok: false, quota, used: soFar, limit, renewsAt };
      used.set(key, soFar + 1);
      return { ok: true, used: soFar + 1, limit, renewsAt };
    },
    used: () => Promise.reject(new Error('nobody asks')),
  };
  const audit: AuditStore = { append: async (record) => void records.push(record), recent: async () => records };
  const clock = createTestClock();
  return { clock, records, state, refused: createRefusedCalls({ counters, audit, clock, log: createLog('silent') }) };
}

describe('refused calls', () => {
  it('get a record each up to the limit, and then one together a minute', async () => {
    const { clock, records, refused } = world();
    const caller = principal();
    for (let call = 0; call < 3; call += 1) expect(await refused.count(caller, 3, 'unsupported_tool')).toBe(true);
    for (let call = 0; call < 40; call += 1) expect(await refused.count(caller, 3, 'unsupported_tool')).toBe(false);
    expect(await refused.count(caller, 3, 'insufficient_scope')).toBe(false);
    expect(records).toEqual([]);
    clock.advance(60_000);
    expect(records).toEqual([
      {
        requestId: expect.stringMatching(/^ref_/),
        at: expect.any(Number),
        org: 'default',
        subject: 'key:abc',
        role: 'developer',
        auth: 'api_key',
        event: 'calls_refused',
        decision: 'refused',
        refusals: { unsupported_tool: 40, insufficient_scope: 1 },
      },
    ]);
    clock.advance(600_000);
    expect(records).toHaveLength(1);
    await refused.count(caller, 3, 'unsupported_tool');
    clock.advance(60_000);
    expect(records).toHaveLength(2);
  });

  it('get no record of their own past the limit, until it renews', async () => {
    const { clock, refused } = world();
    for (let call = 1; call <= 10; call += 1)
      expect(await refused.count(principal(), 2, 'unsupported_tool'), `call ${call}`).toBe(call <= 2);
    clock.advance(hourMs);
    expect(await refused.count(principal(), 2, 'unsupported_tool')).toBe(true);
  });

  it('are counted for each caller and each organisation by itself', async () => {
    const { refused } = world();
    expect(await refused.count(principal(), 1, 'unsupported_tool')).toBe(true);
    expect(await refused.count(principal(), 1, 'unsupported_tool')).toBe(false);
    expect(await refused.count(principal({ subject: 'key:other' }), 1, 'unsupported_tool')).toBe(true);
    expect(await refused.count(principal({ org: 'elsewhere' }), 1, 'unsupported_tool')).toBe(true);
  });

  it('are recorded when they cannot be counted, and what is left to tell is told at the end', async () => {
    const { records, state, refused } = world();
    await refused.count(principal(), 1, 'unsupported_tool');
    await refused.count(principal(), 1, 'unsupported_tool');
    await refused.close();
    expect(records).toMatchObject([{ refusals: { unsupported_tool: 1 } }]);
    state.isBroken = true;
    expect(await refused.count(principal({ subject: 'key:other' }), 1, 'unsupported_tool')).toBe(true);
  });
});
