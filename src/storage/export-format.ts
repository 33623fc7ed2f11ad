import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import type { Secrets } from '../identity/secrets.ts';

/** Of the files; a reader refuses a newer one. */
export const formatVersion = 1;

/** Characters a line may have: a hit has at most one MiB, and escapes make it six at worst. */
export const maxLineBytes = 16 * 1024 * 1024;

/** The first line. Rows follow it, table after table, in this order and as many as told. */
export const headerSchema = z.object({
  export: z.literal('sidelight'),
  format: z.int().min(1),
  schema: z.int().min(1),
  /** Version of the Sidelight that wrote it. */
  bridge: z.string().max(64),
  /** Milliseconds since the epoch. */
  at: z.int(),
  /** Tells which master secret the store was used with. */
  masterCheck: z.string().max(128),
  tables: z.array(z.object({ name: z.string().regex(/^[a-z_]{1,63}$/), rows: z.int().min(0) })).max(200),
});

export type ExportHeader = z.output<typeof headerSchema>;

/** The last line, over the bytes of all lines before it. */
export const trailerSchema = z.object({ sha256: z.string().length(64), seal: z.string().max(128) });

/** A row as a line, with the JSON that PostgreSQL made of it. */
export function rowLine(table: string, row: string): string {
  return `{"${table}":${row}}\n`;
}

/** The JSON of the row that a line of this table holds; undefined when it is another line. */
export function rowOf(table: string, line: string): string | undefined {
  const head = `{"${table}":{`;
  return line.startsWith(head) && line.endsWith('}}') ? line.slice(head.length - 1, -1) : undefined;
}

/** Binds the file to the master secret: without it nobody can make one that is taken, with a key of their own in it. */
export function sealOf(secrets: Secrets, sha256: string): string {
  return sealUnder(secrets.derive(purpose), sha256).toString('base64');
}

/** Whether an installation with one of these master secrets sealed it. */
export function isSealed(secrets: Secrets, sha256: string, seal: string): boolean {
  const told = Buffer.from(seal, 'base64');
  return secrets.all(purpose).some((key) => {
    const right = sealUnder(key, sha256);
    return told.length === right.length && timingSafeEqual(told, right);
  });
}

const purpose = 'store-export';

function sealUnder(key: Buffer, sha256: string): Buffer {
  return createHmac('sha256', key).update(sha256).digest();
}
