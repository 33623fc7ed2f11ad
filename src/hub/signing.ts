import { type SigningKey, signingKey } from '../agent/link/ed25519.ts';
import { type KeyShare, newKeyShare } from '../agent/link/key-share.ts';
import type { Secrets } from '../identity/secrets.ts';
import type { Clock } from '../lib/clock.ts';
import type { BridgeFrame, Hello } from '../protocol/frames.ts';
import { bodyOf, contexts, type HandOver, maxHandOvers, seal, sealedKinds } from '../protocol/seal.ts';

const purpose = 'agent-signing';

/** How long a frame may be under way; an agent that stood still for longer comes back and is told anew. */
export const signedForMs = 30_000;

/** The key by which agents know this bridge. */
export interface BridgeKey extends SigningKey {
  /** The keys before it say that it comes after them, so that no program has to be started again. */
  readonly handOver: readonly HandOver[];
  /** Of this process: for the key of each connection, whose codes cost a fifth of a signature. */
  readonly share: KeyShare;
}

/** The key of a bridge with these secrets: the newest signs, older ones only say what comes after them. */
export function createBridgeKey(secrets: Pick<Secrets, 'derive' | 'all'>): BridgeKey {
  const key = signingKey(secrets.derive(purpose));
  const before = secrets
    .all(purpose)
    .slice(1, 1 + maxHandOvers)
    .map(signingKey);
  const handOver = before.map((old) => ({ by: old.publicKey, sig: old.sign(contexts.handOver + key.publicKey) }));
  return { ...key, handOver, share: newKeyShare() };
}

/** Writes frames as texts; those that the agent obeys are sealed for one connection, and numbered. */
export type Sealer = (frame: BridgeFrame) => string;

/** For the connection of this hello. An agent of the time before signatures gets plain frames, one of before codes a signature with each. */
export function createSealer(key: BridgeKey, clock: Clock, { agent, identity }: Hello): Sealer {
  if (identity === undefined) return (frame) => JSON.stringify(frame);
  const context = contexts.frame(agent.id, identity.nonce);
  const code =
    identity.keyShare === undefined ? undefined : key.share.coderWith(identity.keyShare, contexts.code(agent.id, identity.nonce));
  let count = 0;
  let welcomedAt = clock.monotonic();
  return (frame) => {
    if (!sealedKinds.has(frame.t)) return JSON.stringify(frame);
    count += 1;
    const now = clock.monotonic();
    const isWelcome = frame.t === 'welcome';
    if (isWelcome) welcomedAt = now;
    const ofBridge = isWelcome
      ? {
          key: key.publicKey,
          ...(key.handOver.length === 0 ? {} : { handOver: key.handOver }),
          ...(code === undefined ? {} : { keyShare: key.share.publicKey }),
        }
      : {};
    const body = bodyOf({ ...frame, ...ofBridge, count, until: Math.ceil(now - welcomedAt) + signedForMs });
    return isWelcome || code === undefined ? seal(body, key.sign(context + body)) : seal(body, code(body), 'mac');
  };
}
