import { pino } from 'pino';
import { beforeEach, describe, expect, it } from 'vitest';
import type { AuditRecord } from '../../src/audit/record.ts';
import { createTurnedAway, type TurnedAwayFacts } from '../../src/audit/turned-away.ts';
import { createTestClock, type TestClock } from '../helpers/clock.ts';

let clock: TestClock;
let written: AuditRecord[];
let lines: string[];
let turnedAway: (facts: TurnedAwayFacts) => void;

beforeEach(() => {
  clock = createTestClock();
  written = [];
  lines = [];
  turnedAway = createTurnedAway({
    audit: { append: async (record) => void written.push(record), recent: async () => written },
    clock,
    log: pino({}, { write: (line: string) => void lines.push(line) }),
  });
});

const from = (address: string, times = 1) => {
  for (let count = 0; count < times; count += 1) turnedAway({ event: 'caller_refused', reason: 'invalid_token', address });
};

describe('somebody who was not let in', () => {
  it('is recorded with what is known of it, which may be no organisation', () => {
    from('10.0.0.1');
    turnedAway({ event: 'agent_refused', reason: 'auth', address: '10.0.0.2', org: 'acme', subject: 'key:abc' });
    expect(written).toMatchObject([
      {
        event: 'caller_refused',
        decision: 'refused',
        reason: 'invalid_token',
        address: '10.0.0.1',
        org: '-',
        subject: 'unknown',
      },
      { event: 'agent_refused', org: 'acme', subject: 'key:abc', auth: 'none' },
    ]);
  });

  it('fills the audit neither from one address nor from many, and what was left out is told once', () => {
    from('10.0.0.1', 500);
    expect(written).toHaveLength(10);
    for (let host = 2; host < 200; host += 1) from(`10.0.0.${host}`);
    expect(written).toHaveLength(100);
    expect(lines).toEqual([]);
    clock.advance(60_000);
    from('10.0.0.1', 2);
    expect(written).toHaveLength(102);
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ left: 490 + 108 });
  });
});
