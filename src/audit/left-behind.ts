import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { type Checkpoint, signCheckpoint } from './checkpoint.ts';
import type { AuditLedger } from './ledger.ts';
import type { AuditSeal } from './seal.ts';
import { verifyChain } from './verify.ts';

/** A node with news signs within five minutes; one that has not for so long, and writes nothing, is gone. */
export const quietMs = 600_000;

interface Surroundings {
  seal: AuditSeal;
  ledger: Pick<AuditLedger, 'nodes' | 'rows' | 'end' | 'checkpoints' | 'anchor' | 'codeAt' | 'lastCheckpoint' | 'addCheckpoint'>;
  /** Hands a checkpoint to the sinks. */
  deliver(checkpoint: Checkpoint): void;
  clock: Clock;
  log: Log;
}

/** How the chain of another node was found at the last turns. */
interface Seen {
  seq: number;
  sinceMs: number;
  isDone: boolean;
}

/**
 * Signs the ends of chains that nobody goes on with: of nodes that died with their data directory, and of commands. Whoever has the master
 * secret may say how far a chain had come, and says it only of one that is as it was written. Two bridges that sign the same end say the same
 * of it, and the database keeps one.
 */
export function sealingLeftBehind({ seal, ledger, deliver, clock, log }: Surroundings): () => Promise<void> {
  const seen = new Map<string, Seen>();

  const signedUpTo = async (node: string) =>
    Math.max((await ledger.lastCheckpoint(node))?.seq ?? 0, (await ledger.anchor(node))?.seq ?? 0);

  async function sealEnd(node: string, seq: number): Promise<void> {
    if ((await signedUpTo(node)) >= seq) return;
    const { finding } = await verifyChain(seal, ledger, node);
    if (finding !== undefined) {
      log.error(
        { ...finding },
        'the end of an audit chain that was left behind is not signed: the chain is not as it was written',
      );
      return;
    }
    const code = await ledger.codeAt(node, seq);
    // Asked again: it took a while, and another bridge may have been quicker.
    const signed = await signedUpTo(node);
    if (code === undefined || signed >= seq) return;
    const said = { kind: 'checkpoint', node, seq, code, count: seq - signed, at: clock.now() } as const;
    const checkpoint = signCheckpoint(seal, said);
    await ledger.addCheckpoint(checkpoint);
    deliver(checkpoint);
  }

  return async () => {
    for (const node of await ledger.nodes()) {
      const end = node === seal.node ? undefined : await ledger.end(node);
      if (end === undefined) continue;
      const now = clock.monotonic();
      const before = seen.get(node);
      if (before?.seq !== end.seq) seen.set(node, { seq: end.seq, sinceMs: now, isDone: false });
      else if (!before.isDone && now - before.sinceMs >= quietMs) {
        await sealEnd(node, end.seq);
        before.isDone = true;
      }
    }
  };
}
