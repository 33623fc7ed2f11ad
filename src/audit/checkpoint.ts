import { z } from 'zod';
import type { AuditSeal } from './seal.ts';

/**
 * How far a chain had come at an instant, signed. A `checkpoint` shows that a later one has lost its end or was written anew; an
 * `anchor` is left by retention and says that everything up to it was deleted because of its age.
 */
const statement = z.strictObject({
  kind: z.enum(['checkpoint', 'anchor']),
  node: z.string().min(1).max(64),
  /** Number of the newest record it covers, and that record's code. */
  seq: z.int().min(1),
  code: z.string().regex(/^[0-9a-f]{64}$/),
  /** Records since the checkpoint before; of an anchor: records that retention deleted at that time. */
  count: z.int().min(0),
  at: z.int(),
});

const signed = statement.extend({ keyId: z.string().max(64), signature: z.string().max(128) });

type Statement = z.output<typeof statement>;

export type Checkpoint = z.output<typeof signed>;

/** Signs how far a chain has come. */
export function signCheckpoint(seal: AuditSeal, said: Statement): Checkpoint {
  return { ...said, keyId: seal.keyId, signature: seal.sign({ sidelight: 'audit', ...said }) };
}

/** Whether it was signed here and is as it was then. */
export function isGenuine(seal: AuditSeal, { keyId: _keyId, signature, ...said }: Checkpoint): boolean {
  return seal.isSigned({ sidelight: 'audit', ...said }, signature);
}

/** Whether it says that it was signed under a secret which is not known here, so that nobody can tell. */
export function isUnderUnknown(seal: AuditSeal, { keyId }: Checkpoint): boolean {
  return keyId !== '' && !seal.knows(keyId);
}

/** The checkpoint that a line of JSON holds; undefined when it holds none. */
export function readCheckpoint(line: string): Checkpoint | undefined {
  try {
    return signed.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

/** For orders that bring some along. */
export const checkpointSchema = signed;
