import { type Checkpoint, isGenuine, isUnderUnknown } from './checkpoint.ts';
import type { ChainSource, Link } from './ledger.ts';
import { type AuditSeal, beforeAll } from './seal.ts';
import { follows, isInPlace, type Tampering, tamperingAt } from './tampering.ts';

/** The first thing that is wrong with a chain. */
export interface Finding {
  node: string;
  seq: number;
  kind: Tampering;
}

/** What was found of one node; `last` is the newest record that is right. */
export interface CheckedChain {
  node: string;
  records: number;
  first: number;
  last: number;
  /** Checkpoints that it was compared with. */
  checkpoints: number;
  /** Records after the newest of them, which no signature covers. */
  unsigned: number;
  finding?: Finding;
}

/** Retention may move the beginning of a chain while it is read. */
const attempts = 3;

/** Checks every chain of a trail, each up to the first thing that is wrong. */
export async function verifyTrail(seal: AuditSeal, source: ChainSource): Promise<CheckedChain[]> {
  const checked: CheckedChain[] = [];
  for (const node of await source.nodes()) checked.push(await verifyChain(seal, source, node));
  return checked;
}

/** Checks the chain of one node up to the first thing that is wrong. */
export async function verifyChain(seal: AuditSeal, source: ChainSource, node: string): Promise<CheckedChain> {
  for (let attempt = 1; ; attempt += 1) {
    const anchor = await source.anchor(node);
    const checked = await verifyFrom(seal, source, node, anchor);
    const isStill = (await source.anchor(node))?.seq === anchor?.seq;
    if (checked.finding === undefined || isStill || attempt === attempts) return checked;
  }
}

async function verifyFrom(
  seal: AuditSeal,
  source: ChainSource,
  node: string,
  anchor: Checkpoint | Link | undefined,
): Promise<CheckedChain> {
  const checked: CheckedChain = { node, records: 0, first: 0, last: 0, checkpoints: 0, unsigned: 0 };
  const wrong = (seq: number, kind: Tampering): CheckedChain => ({ ...checked, finding: { node, seq, kind } });
  if (anchor !== undefined && 'signature' in anchor && !isAnchor(seal, node, anchor))
    return wrong(anchor.seq, isUnderUnknown(seal, anchor) ? 'unknown_secret' : 'bad_anchor');
  let at: Link = anchor ?? { seq: 0, code: beforeAll };
  // Read before the rows, which may become more meanwhile.
  const end = await source.end(node);
  const told = await source.checkpoints(node);
  const unknown = told.filter((checkpoint) => isUnderUnknown(seal, checkpoint));
  const known = told.filter((checkpoint) => !isUnderUnknown(seal, checkpoint));
  const bad = known.find(
    (checkpoint) => checkpoint.kind !== 'checkpoint' || checkpoint.node !== node || !isGenuine(seal, checkpoint),
  );
  if (bad !== undefined) return wrong(bad.seq, 'bad_checkpoint');
  const due = new Map(known.filter(({ seq }) => seq > at.seq).map(({ seq, code }) => [seq, code]));
  // A record does not say what its code is under; that a later checkpoint is under another secret says it for it.
  const unknownUpTo = Math.max(0, ...unknown.map(({ seq }) => seq));
  checked.first = at.seq + 1;
  checked.last = at.seq;
  for await (const row of source.rows(node)) {
    if (!follows(seal, at, row)) {
      const kind = await tamperingAt(source, at, row, end);
      const isUnknown = kind === 'edited' && isInPlace(at, row) && row.seq <= unknownUpTo;
      return wrong(at.seq + 1, isUnknown ? 'unknown_secret' : kind);
    }
    at = row;
    const code = due.get(row.seq);
    if (code !== undefined && code !== row.code) return wrong(row.seq, 'rewritten');
    checked.unsigned += 1;
    if (due.delete(row.seq)) {
      checked.checkpoints += 1;
      checked.unsigned = 0;
    }
    checked.records += 1;
    checked.last = row.seq;
  }
  const furthest = Math.max(end?.seq ?? 0, ...due.keys());
  if (furthest > at.seq) return wrong(at.seq + 1, 'cut_tail');
  const [untold] = unknown;
  return untold === undefined ? checked : wrong(untold.seq, 'unknown_secret');
}

function isAnchor(seal: AuditSeal, node: string, anchor: Checkpoint): boolean {
  return anchor.kind === 'anchor' && anchor.node === node && isGenuine(seal, anchor);
}

/** Compares a trail with checkpoints kept elsewhere. What retention has deleted since is left out. */
export async function compareCheckpoints(
  seal: AuditSeal,
  source: Pick<ChainSource, 'anchor'> & { codeAt(node: string, seq: number): Promise<string | undefined> },
  kept: Checkpoint[],
): Promise<{ compared: number; findings: Finding[] }> {
  const findings: Finding[] = [];
  let compared = 0;
  for (const checkpoint of kept) {
    const { node, seq, code } = checkpoint;
    if (!isGenuine(seal, checkpoint)) {
      findings.push({ node, seq, kind: isUnderUnknown(seal, checkpoint) ? 'unknown_secret' : 'bad_checkpoint' });
      continue;
    }
    if (checkpoint.kind !== 'checkpoint') continue;
    const found = await source.codeAt(node, seq);
    // Asked after the row, which retention may delete in between.
    const isPruned = found === undefined && ((await source.anchor(node))?.seq ?? 0) >= seq;
    if (isPruned) continue;
    compared += 1;
    if (found !== code) findings.push({ node, seq, kind: found === undefined ? 'cut_tail' : 'rewritten' });
  }
  return { compared, findings };
}
