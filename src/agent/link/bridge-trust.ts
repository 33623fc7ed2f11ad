import { timingSafeEqual } from 'node:crypto';
import { integer, list, ownField } from '../../protocol/check.ts';
import { contexts, handOver, maxHandOvers, openSeal, publicKey, readOr, sealedKinds } from '../../protocol/seal.ts';
import { newNonce, type Verifier, verifierOf } from './ed25519.ts';
import { type Coder, type KeyShare, newKeyShare } from './key-share.ts';

const number = integer(0, Number.MAX_SAFE_INTEGER);
const handOvers = list(handOver, maxHandOvers);

/**
 * Whose frames this process obeys: the key it was started with, else the one of the first welcome, for as long as the process lives.
 * A frame counts only on the connection it was made for, in its order, and while it is fresh.
 */
export class BridgeTrust {
  #key: string | undefined;
  readonly #isSet: boolean;
  #verify: Verifier;
  #agentId = '';
  #hello = '';
  /** For the key of this connection, and the key once both sides have it. */
  #share: KeyShare | undefined;
  #coder: Coder | undefined;
  /** Number of the last frame that was obeyed on this connection, and when its clock began. */
  #count = 0;
  #sinceMs = 0;

  constructor(key: string | undefined) {
    this.#key = key;
    this.#isSet = key !== undefined;
    this.#verify = verifierOf(key ?? '');
  }

  /** The key this process trusts; undefined before the first welcome. */
  get key(): string | undefined {
    return this.#key;
  }

  /** Which key is trusted, and why. */
  get story(): string {
    return `the bridge has the key ${this.#key}${this.#isSet ? '' : ', trusted since it welcomed this process (SIDELIGHT_BRIDGE_KEY pins it)'}`;
  }

  /** A hello is about to be said; answers what it has to carry. */
  begin(agentId: string): { nonce: string; keyShare: string } {
    this.#agentId = agentId;
    this.#hello = newNonce();
    this.#share = newKeyShare();
    this.#coder = undefined;
    this.#count = 0;
    this.#sinceMs = performance.now();
    return { nonce: this.#hello, keyShare: this.#share.publicKey };
  }

  /** Why a frame, given as read and as it came, must not be obeyed; undefined when it may. */
  objection(frame: object, text: string): string | undefined {
    const t = ownField(frame, 't');
    if (!sealedKinds.has(t)) return undefined;
    const opened = openSeal(text);
    if (opened === undefined) return 'it is not signed';
    const isWelcome = t === 'welcome';
    const key = isWelcome ? readOr(publicKey, ownField(frame, 'key')) : this.#key;
    if (key === undefined) return 'it names no key';
    const isNew = key !== this.#key;
    if (isNew && this.#key !== undefined && !this.#isHandedOver(key, frame))
      return `it has the key ${key}, this process trusts ${this.#key}; after a bridge was set up anew, mend SIDELIGHT_BRIDGE_KEY or start the program again`;
    const verify = isNew ? verifierOf(key) : this.#verify;
    const context = contexts.frame(this.#agentId, this.#hello);
    const isRight =
      isWelcome || this.#coder === undefined
        ? verify(context + opened.body, opened.sig)
        : isSame(this.#coder(opened.body), opened.mac);
    if (!isRight) return 'its seal is wrong: it was altered, or is of another key, or meant for another agent or connection';
    const count = readOr(number, ownField(frame, 'count'));
    if (count !== this.#count + 1)
      return `it is number ${count}, and number ${this.#count + 1} is due: one was repeated or left out`;
    const nowMs = performance.now();
    if (!(nowMs - this.#sinceMs <= (readOr(number, ownField(frame, 'until')) ?? 0))) return 'it comes too late';
    this.#count = count;
    if (isWelcome) {
      this.#sinceMs = nowMs;
      const share = readOr(publicKey, ownField(frame, 'keyShare'));
      // A bridge of before codes signs every frame.
      if (share !== undefined) this.#coder = this.#share?.coderWith(share, contexts.code(this.#agentId, this.#hello));
    }
    if (isNew) {
      this.#key = key;
      this.#verify = verify;
    }
    return undefined;
  }

  /** Whether the key that is trusted says that this one comes after it. */
  #isHandedOver(key: string, frame: object): boolean {
    const found = readOr(handOvers, ownField(frame, 'handOver'))?.find(({ by }) => by === this.#key);
    return found !== undefined && this.#verify(contexts.handOver + key, found.sig);
  }
}

function isSame(code: string, mac: string | undefined): boolean {
  return mac !== undefined && timingSafeEqual(Buffer.from(code), Buffer.from(mac));
}
