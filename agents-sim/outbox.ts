import { limits } from '../src/protocol/limits.ts';

/** Numbered frames the bridge has not acknowledged yet, kept to be sent again after a reconnect. */
export class Outbox {
  #kept: { n: number; text: string }[] = [];
  #lastN = 0;

  get lastN(): number {
    return this.#lastN;
  }

  get length(): number {
    return this.#kept.length;
  }

  /** States go in even then, because an action without its end would never end. */
  get full(): boolean {
    return this.#kept.length >= limits.maxUnackedFrames;
  }

  /** A number for a frame that is sent but not kept. */
  nextN(): number {
    this.#lastN += 1;
    return this.#lastN;
  }

  /** Numbers and keeps a frame; gives its text. */
  add(frame: object): string {
    const n = this.nextN();
    const text = JSON.stringify({ ...frame, n });
    this.#kept.push({ n, text });
    return text;
  }

  /** Answers the frames that are not kept any more. */
  acknowledged(n: number): string[] {
    const done = this.#kept.filter((frame) => frame.n <= n);
    this.#kept = this.#kept.filter((frame) => frame.n > n);
    return done.map((frame) => frame.text);
  }

  /** What is left to send again, in order, when the bridge has everything up to `ackedN`. */
  resend(ackedN: number): string[] {
    this.acknowledged(ackedN);
    return this.#kept.map((frame) => frame.text);
  }
}
