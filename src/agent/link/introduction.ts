import { randomBytes } from 'node:crypto';
import type { Hello } from '../../protocol/frames.ts';
import { bodyOf, contexts, seal } from '../../protocol/seal.ts';
import type { BridgeTrust } from './bridge-trust.ts';
import { type SigningKey, signingKey } from './ed25519.ts';
import { newAgentId } from './hello.ts';

/** What stays the same in every hello of a process. */
export type Described = Omit<Hello, 'now' | 'resume' | 'identity'>;

/** Who this process is: its id, the key by which the bridge knows it again, and the bridge it trusts. */
export class Introduction {
  readonly trust: BridgeTrust;
  readonly #described: Described;
  #id: string;
  #key: SigningKey;
  #isSaid = false;

  /** `seed` has 32 random bytes and stays the same while the process lives. */
  constructor(described: Described, seed: Uint8Array, trust: BridgeTrust) {
    this.trust = trust;
    this.#described = described;
    this.#id = described.agent.id;
    this.#key = signingKey(seed);
  }

  get id(): string {
    return this.#id;
  }

  get name(): string {
    return this.#described.agent.name;
  }

  /** A new connection stands, and its bridge has a challenge for us. */
  opened(): void {
    this.#isSaid = false;
  }

  /** The hello that answers this challenge and no other; undefined when this connection has had one. */
  hello(challenge: string, resume: Hello['resume']): string | undefined {
    if (this.#isSaid) return undefined;
    this.#isSaid = true;
    const hello: Hello = {
      ...this.#described,
      agent: { ...this.#described.agent, id: this.#id },
      now: Date.now(),
      ...(resume === undefined ? {} : { resume }),
      identity: { key: this.#key.publicKey, ...this.trust.begin(this.#id) },
    };
    const body = bodyOf(hello);
    return seal(body, this.#key.sign(contexts.hello(challenge) + body));
  }

  /** Another process goes on as what this one was. */
  becomeNew(): void {
    this.#id = newAgentId();
    this.#key = signingKey(randomBytes(32));
  }
}
