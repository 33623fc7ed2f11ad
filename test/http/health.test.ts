import { describe, expect, it } from 'vitest';
import { readiness } from '../../src/readiness.ts';
import { isCurrent } from '../../src/storage/migrate.ts';
import { openEmptyStore } from '../helpers/empty-store.ts';

describe('whether a bridge is ready', () => {
  const status = { hash: '', since: 0, needsRestart: false };
  const policiesInForce = (isRefused: boolean) => ({
    status: () => (isRefused ? { ...status, refused: { at: 0, message: 'a slip', mistakes: [] } } : status),
  });
  const held = { isHeld: () => true, isOnTime: () => true };
  const good = { state: async () => ({ database: true, schema: true }) };
  const asked = (change: object) => readiness({ storage: good, membership: held, inForce: policiesInForce(false), ...change });

  it.each([
    ['database', { storage: { state: async () => ({ database: false, schema: false }) } }],
    ['schema', { storage: { state: async () => ({ database: true, schema: false }) } }],
    ['lease', { membership: { ...held, isHeld: () => false } }],
    ['clock', { membership: { ...held, isOnTime: () => false } }],
  ])('depends on its %s', async (check, change) => {
    const { ok, checks } = await asked(change);
    expect(ok).toBe(false);
    expect(checks[check]).toBe(false);
    expect((await asked({})).ok).toBe(true);
  });

  it('does not depend on policy files that cannot be taken, and tells of them', async () => {
    expect(await asked({ inForce: policiesInForce(true) })).toEqual({
      ok: true,
      checks: { database: true, schema: true, lease: true, clock: true, policies: false },
    });
  });

  it('knows a schema of before from its own, and a database without one from a database that is away', async () => {
    const db = await openEmptyStore();
    try {
      expect(await isCurrent(db)).toBe(true);
      await db.query('delete from schema_version where version = (select max(version) from schema_version)');
      expect(await isCurrent(db)).toBe(false);
      await db.query('drop table schema_version');
      expect(await isCurrent(db)).toBe(false);
    } finally {
      await db.close();
    }
    await expect(isCurrent(db)).rejects.toThrow();
  }, 60_000);
});
