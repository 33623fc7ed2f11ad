import type { CaptureData } from '../protocol/frames.ts';

/*
 * The only door to captured values. Nothing outside redaction/ may import this file (test/structure.test.ts keeps it);
 * everybody else names the two classes through capture.ts and can carry them, but not look inside.
 */

let contentOfRaw: (capture: RawCapture) => CaptureData;
let contentOfScrubbed: (capture: ScrubbedCapture) => CaptureData;
let newScrubbed: (data: CaptureData) => ScrubbedCapture;

/** A capture as an agent sent it, checked but not scrubbed: only `scrub()` can open it. */
export class RawCapture {
  readonly #data: CaptureData;

  private constructor(data: CaptureData) {
    this.#data = data;
  }

  /** Closes the capture of a checked hit frame; the frame itself must not be kept. */
  static fromAgent(data: CaptureData): RawCapture {
    return new RawCapture(data);
  }

  /** What a log or an answer shows when somebody serialises it by mistake. */
  toJSON(): string {
    return '[raw capture]';
  }

  static {
    contentOfRaw = (capture) => capture.#data;
  }
}

/** A capture after `scrub()`: it may be stored, and only `redact()` can open it. */
export class ScrubbedCapture {
  readonly #data: CaptureData;

  private constructor(data: CaptureData) {
    this.#data = data;
  }

  /** For storage only: JSON text that fits both `text` and `jsonb` columns. Never log it, never answer with it. */
  toStored(): string {
    return JSON.stringify({ v: 1, capture: this.#data });
  }

  /** For storage only: what `toStored()` gave, also after `jsonb` reordered its keys. Throws when it is anything else. */
  static fromStored(text: string): ScrubbedCapture {
    const stored = JSON.parse(text) as { v?: unknown; capture?: CaptureData } | null;
    if (stored?.v !== 1 || typeof stored.capture !== 'object' || stored.capture === null) {
      throw new Error('A stored capture has an unknown form.');
    }
    return new ScrubbedCapture(stored.capture);
  }

  /** What a log or an answer shows when somebody serialises it by mistake. */
  toJSON(): string {
    return '[scrubbed capture]';
  }

  static {
    contentOfScrubbed = (capture) => capture.#data;
    newScrubbed = (data) => new ScrubbedCapture(data);
  }
}

/** What the agent sent. */
export const openRaw = (capture: RawCapture): CaptureData => contentOfRaw(capture);

/** What `scrub()` left. */
export const openScrubbed = (capture: ScrubbedCapture): CaptureData => contentOfScrubbed(capture);

/** Closes scrubbed data again. */
export const closeScrubbed = (data: CaptureData): ScrubbedCapture => newScrubbed(data);
