import type { AgentPolicy } from '../../protocol/frames.ts';

/** Between two policies that the program's thread has to read. */
const gapMs = 1_000;

/** Lets at most one policy a second through, the newest; only the kill switch never waits. */
export class PolicyGate {
  readonly #forward: (policy: AgentPolicy) => void;
  #last: AgentPolicy | undefined;
  #waiting: AgentPolicy | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(forward: (policy: AgentPolicy) => void) {
    this.#forward = forward;
  }

  /** A policy that was forwarded in another way, with a welcome. */
  passed(policy: AgentPolicy): void {
    this.close();
    this.#last = policy;
    this.#timer = setTimeout(() => this.#open(), gapMs);
  }

  offer(policy: AgentPolicy): void {
    if (this.#timer === undefined) {
      this.passed(policy);
      this.#forward(policy);
      return;
    }
    this.#waiting = policy;
    if (this.#last === undefined || this.#last.pause || !policy.pause) return;
    this.#last = { ...this.#last, pause: true };
    this.#forward(this.#last);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#waiting = undefined;
  }

  #open(): void {
    this.#timer = undefined;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting !== undefined) this.offer(waiting);
  }
}
