import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { z } from 'zod';
import { Refusal } from '../lib/refusal.ts';
import { canonical } from './canonical.ts';
import type { ChainRow, ChainSource, ExportedRow, Link } from './ledger.ts';
import { type AuditSeal, isSignedBy } from './seal.ts';

/** The last line of an export: how many lines stand before it, and the SHA-256 of their bytes, line ends included. */
const trailer = z.strictObject({
  kind: z.literal('export'),
  lines: z.int().min(0),
  sha256: z.string(),
  at: z.int(),
  keyId: z.string(),
  signature: z.string(),
});

export type Trailer = z.output<typeof trailer>;

const line = z.strictObject({
  code: z.string(),
  previous: z.string().optional(),
  record: z.looseObject({ node: z.string(), seq: z.int(), org: z.string(), at: z.number() }),
});

/** A record as a line of an export: one line, whatever stands in the database. */
export function exportLine({ code, previous, text }: ExportedRow): string {
  return `${canonical({ code, previous, record: parsed(text) ?? text })}\n`;
}

/** Signs what an export holds. */
export function signTrailer(seal: AuditSeal, said: { lines: number; sha256: string; at: number }): Trailer {
  const statement = { kind: 'export' as const, ...said };
  return { ...statement, keyId: seal.keyId, signature: seal.sign({ sidelight: 'audit', ...statement }) };
}

/** What the trailer of a file says of it. */
export interface CheckedFile {
  lines: number;
  /** `missing` where the file ends before it, `foreign` where another installation signed it, `altered` where lines are others than then. */
  trailer: 'right' | 'missing' | 'foreign' | 'altered';
}

/** Compares a file with its trailer; the public key alone is enough for it. */
export async function checkFile(path: string, isSigned: AuditSeal['isSigned']): Promise<CheckedFile> {
  const hash = createHash('sha256');
  let lines = 0;
  let last: string | undefined;
  for await (const read of linesOf(path)) {
    if (last !== undefined) {
      hash.update(`${last}\n`);
      lines += 1;
    }
    last = read;
  }
  const found = trailer.safeParse(parsed(last ?? '')).data;
  if (found === undefined) return { lines: last === undefined ? lines : lines + 1, trailer: 'missing' };
  const { keyId: _keyId, signature, ...statement } = found;
  if (!isSigned({ sidelight: 'audit', ...statement }, signature)) return { lines, trailer: 'foreign' };
  return { lines, trailer: found.lines === lines && found.sha256 === hash.digest('hex') ? 'right' : 'altered' };
}

/** For whoever has nothing but the public key. Refuses what is none. */
export function signedWith(pem: string): AuditSeal['isSigned'] {
  let key: KeyObject;
  try {
    key = createPublicKey(pem);
  } catch {
    throw new Refusal({
      code: 'invalid_input',
      message: 'The key is no public key in PEM.',
      next: '`sidelight audit key` prints it.',
    });
  }
  return (statement, signature) => isSignedBy(key, statement, signature);
}

/** The records of an export, to be checked as if they were in the database. Reads the file once for each node. */
export function fileSource(path: string): ChainSource {
  async function* all(): AsyncGenerator<ChainRow & { previous?: string | undefined }> {
    let number = 0;
    for await (const read of linesOf(path)) {
      number += 1;
      const value = parsed(read);
      if (trailer.safeParse(value).success) return;
      const found = line.safeParse(value).data;
      if (found === undefined) throw notALine(path, number);
      const { node, seq, org, at } = found.record;
      yield { node, seq, org, at, code: found.code, previous: found.previous, text: canonical(found.record) };
    }
  }

  return {
    async nodes() {
      const nodes = new Set<string>();
      for await (const { node } of all()) nodes.add(node);
      return [...nodes].sort();
    },
    async *rows(node) {
      for await (const row of all()) if (row.node === node) yield row;
    },
    end: async () => undefined,
    checkpoints: async () => [],
    /** An export begins where its first line says. */
    async anchor(node): Promise<Link | undefined> {
      for await (const row of all()) {
        if (row.node === node) return row.previous === undefined ? undefined : { seq: row.seq - 1, code: row.previous };
      }
      return undefined;
    },
  };
}

/** Lines end at \n only: U+2028 may stand in a record, and `readline` would end a line there. */
async function* linesOf(path: string): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of createReadStream(path, 'utf8') as AsyncIterable<string>) {
    const lines = `${rest}${chunk}`.split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest !== '') yield rest;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function notALine(path: string, number: number): Refusal {
  return new Refusal({
    code: 'invalid_input',
    message: `Line ${number} of ${path} is no record of an export.`,
    next: 'Give a file that `sidelight audit export` wrote.',
  });
}
