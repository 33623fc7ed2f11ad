import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { operatorOf } from '../../src/authorization/administer.ts';
import { readConfig } from '../../src/config.ts';
import { createEndingKeys } from '../../src/identity/ending-keys.ts';
import { daysLeft, stateOf, warningOf } from '../../src/identity/key-state.ts';
import type { KeyRecord } from '../../src/identity/keys.ts';
import { issueKey } from '../../src/keys.ts';
import { start } from '../../src/start.ts';
import { createTestClock } from '../helpers/clock.ts';
import { until } from '../helpers/program.ts';
import { key } from '../storage/fixtures.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const now = Date.UTC(2026, 0, 1, 12);

describe('the state of a key', () => {
  it.each([
    { is: 'live', changes: { expiresAt: now + 1 } },
    { is: 'expired', changes: { expiresAt: now } },
    { is: 'replaced', changes: { expiresAt: now + 1, rotatedTo: 'next' } },
    { is: 'expired', changes: { expiresAt: now, rotatedTo: 'next' } },
    { is: 'revoked', changes: { expiresAt: now, rotatedTo: 'next', revokedAt: now - 1 } },
  ])('is $is with $changes', ({ is, changes }) => expect(stateOf(key('k', changes), now)).toBe(is));

  it.each([
    { leftMs: 14 * dayMs + 1, warning: undefined },
    { leftMs: 14 * dayMs, warning: 'The key ends in 14 days; rotate it before that.' },
    { leftMs: 2 * dayMs - 1, warning: 'The key ends in 1 day; rotate it before that.' },
    { leftMs: hourMs, warning: 'The key ends within a day; rotate it before that.' },
    { leftMs: 0, warning: undefined },
  ])('warns with $leftMs ms left: $warning', ({ leftMs, warning }) => {
    expect(warningOf(key('k', { expiresAt: now + leftMs }), now)).toBe(warning);
    expect(warningOf(key('k', { expiresAt: now + leftMs, rotatedTo: 'next' }), now)).toBeUndefined();
    expect(daysLeft(now + leftMs, now)).toBe(Math.floor(leftMs / dayMs));
  });
});

/** A log that keeps its lines. */
function keepingLog() {
  const lines: Record<string, unknown>[] = [];
  const sink = new Writable({
    write(line: Buffer, _encoding, done) {
      lines.push(JSON.parse(line.toString()) as Record<string, unknown>);
      done();
    },
  });
  return { lines, log: pino({ base: undefined }, sink) };
}

describe('the log', () => {
  it('is told by a bridge that runs', async () => {
    const { lines, log } = keepingLog();
    const directory = await mkdtemp(join(tmpdir(), 'sidelight-ending-'));
    const clock = createTestClock();
    const running = await start(readConfig({ port: '0', data: directory }, {}), { clock, log });
    try {
      const grant = operatorOf('default').create({
        ...{ kind: 'enrolment', org: 'default', owner: 'operator', name: 'short', pool: 'default', service: '*', days: 5 },
      });
      const { record } = await issueKey(running.bridge.desk, grant);
      clock.advance(600_000);
      const told = await until('the log is told', () => lines.find(({ keyId }) => keyId === record.id));
      expect(told).toMatchObject({ name: 'short', daysLeft: 4 });
    } finally {
      await running.close();
      await rm(directory, { recursive: true, force: true });
    }
  });

  it('is told of a key that ends soon once a day, by its id and never by its hash', async () => {
    const { lines, log } = keepingLog();
    const clock = createTestClock(now);
    const ending: KeyRecord[] = [key('soon', { expiresAt: now + 3 * dayMs, name: 'nightly', owner: 'service:ci' })];
    const tell = createEndingKeys({ keys: { endingBy: async () => ending }, clock, log });
    await tell();
    await tell();
    clock.advance(11 * hourMs);
    await tell();
    expect(lines).toMatchObject([{ keyId: 'soon', name: 'nightly', owner: 'service:ci', daysLeft: 3, org: 'acme' }]);
    expect(JSON.stringify(lines)).not.toContain(ending[0]?.hash);
    clock.advance(hourMs);
    await tell();
    expect(lines).toHaveLength(2);
    ending.pop();
    await tell();
    ending.push(key('soon', { expiresAt: now + 3 * dayMs }));
    await tell();
    expect(lines).toHaveLength(3);
  });
});
