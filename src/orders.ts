import { z } from 'zod';
import type { AuditRecord, AuditStore } from './audit/record.ts';
import type { ControlHandler } from './control.ts';
import { issueKey, revokeKey, rotateKey } from './identity/issue.ts';
import type { KeyRequest } from './identity/key-request.ts';
import type { KeyRecord, KeyStore } from './identity/keys.ts';
import type { Clock } from './lib/clock.ts';
import { newId } from './lib/id.ts';
import { Refusal } from './lib/refusal.ts';

interface Ordered {
  keys: KeyStore;
  audit: AuditStore;
  clock: Clock;
  /** Lets go of agents whose key has just been revoked; absent when no bridge runs. */
  revoked?(keyId: string): void;
}

const named = z.object({ org: z.string(), id: z.string() });

/** What an operator with access to the data may order, whether the bridge runs or not. Every change is audited. */
export function orders({ keys, audit, clock, revoked }: Ordered): ControlHandler {
  const record = (event: string, org: string, key: string) => {
    const entry: AuditRecord = {
      requestId: newId('op'),
      at: clock.now(),
      org,
      subject: `key:${key}`,
      role: 'operator',
      auth: 'console',
      event,
      decision: 'allowed',
    };
    return audit.append(entry);
  };
  const table: Record<string, (input: Record<string, unknown>) => Promise<unknown>> = {
    async 'keys.create'(input) {
      const { record: key, secret } = await issueKey(keys, clock, input as KeyRequest);
      await record('key_created', key.org, key.id);
      return { key: shown(key), secret };
    },
    async 'keys.list'(input) {
      const { org } = named.pick({ org: true }).parse(input);
      return (await keys.list(org)).map(shown);
    },
    async 'keys.revoke'(input) {
      const { org, id } = named.parse(input);
      await revokeKey(keys, clock, { org, id });
      revoked?.(id);
      await record('key_revoked', org, id);
    },
    async 'keys.rotate'(input) {
      const asked = named.extend({ overlapHours: z.number().optional(), days: z.number().optional() }).parse(input);
      const { record: key, secret } = await rotateKey(keys, clock, asked);
      await record('key_rotated', asked.org, asked.id);
      return { key: shown(key), secret };
    },
  };
  return (order, input) => {
    const run = Object.hasOwn(table, order) ? table[order] : undefined;
    if (run === undefined)
      throw new Refusal({
        code: 'invalid_input',
        message: `There is no order ${JSON.stringify(order)}.`,
        next: 'Use the same version of Sidelight on both sides.',
      });
    return run(input);
  };
}

export type ShownKey = Omit<KeyRecord, 'hash'>;

function shown({ hash: _hash, ...rest }: KeyRecord): ShownKey {
  return rest;
}
