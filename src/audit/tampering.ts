import type { ChainRow, ChainSource, Link } from './ledger.ts';
import type { AuditSeal } from './seal.ts';

/** What was done to a trail. docs/audit.md has the same table, and a test compares the two. */
export const tamperings = {
  edited: 'The record says something else than when it was written.',
  deleted: 'The record of this number is gone, and younger ones are there.',
  reordered: 'The record of this number stands in another place.',
  inserted: 'The bridge did not write what stands in this place.',
  foreign: 'The record was moved here from the chain of another node.',
  cut_tail: 'The record of this number and all after it are gone.',
  rewritten: 'The record fits its chain and not a signed checkpoint: whoever wrote it knows the key of the chain.',
  bad_checkpoint: 'The checkpoint of this number was not signed by this installation.',
  bad_anchor:
    'The anchor of this number, which says that older records were past their retention, was not signed by this installation.',
  unknown_secret:
    'It is under a master secret that the secret file does not have, so it cannot be told whether it is as it was written: add that line to the file and verify again.',
} as const;

export type Tampering = keyof typeof tamperings;

/** Whether a row is the next one of its chain, as the bridge wrote it. */
export function follows(seal: AuditSeal, at: Link, row: ChainRow): boolean {
  return isInPlace(at, row) && seal.isCode(row.code, at.code, row.text);
}

/** Whether a row says of itself that it is the next one of its chain; its code is another matter. */
export function isInPlace(at: Link, row: ChainRow): boolean {
  const said = saidBy(row.text);
  return (
    row.seq === at.seq + 1 &&
    said !== undefined &&
    said.node === row.node &&
    said.seq === row.seq &&
    said.org === row.org &&
    said.at === row.at
  );
}

/** Why a row does not follow; reads the chain once more, which is worth it once. */
export async function tamperingAt(source: ChainSource, at: Link, row: ChainRow, end: Link | undefined): Promise<Tampering> {
  const expected = at.seq + 1;
  const said = saidBy(row.text);
  const others = await claims(source, row, expected, said?.seq);
  if (row.seq < expected) return 'inserted';
  if (row.seq > expected) return others.ofExpected ? 'reordered' : 'deleted';
  if (said === undefined) return 'edited';
  if (said.node !== row.node) return 'foreign';
  if (said.seq !== expected) {
    if (others.ofSame) return 'inserted';
    if (others.ofExpected) return 'reordered';
    return Number(said.seq) > expected ? 'deleted' : 'edited';
  }
  if (others.ofExpected) return 'inserted';
  // The writer left its last code beside the chain: a last row with another one is not its work.
  const isLast = end === undefined || row.seq >= end.seq;
  return isLast && end !== undefined && end.code !== row.code ? 'inserted' : 'edited';
}

/** Whether other rows say that they stand at the expected place, or at the one this row says. */
async function claims(source: ChainSource, row: ChainRow, expected: number, own: unknown) {
  let [ofExpected, ofSame, isPast] = [false, false, false];
  for await (const other of source.rows(row.node)) {
    if (!isPast && other.seq === row.seq && other.text === row.text) {
      isPast = true;
      continue;
    }
    const said = saidBy(other.text);
    if (said?.node !== row.node) continue;
    ofExpected ||= said.seq === expected;
    ofSame ||= said.seq === own;
  }
  return { ofExpected, ofSame };
}

function saidBy(text: string): Record<'node' | 'seq' | 'org' | 'at', unknown> | undefined {
  try {
    const said: unknown = JSON.parse(text);
    return typeof said === 'object' && said !== null ? (said as Record<'node' | 'seq' | 'org' | 'at', unknown>) : undefined;
  } catch {
    return undefined;
  }
}
