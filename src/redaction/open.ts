import type { CaptureData } from '../protocol/frames.ts';
import { visible } from './clean.ts';
import type { RedactionSource } from './policy.ts';

/*
 * The only door to captured values. Nothing outside redaction/ may import this file (test/structure.test.ts keeps it);
 * everybody else names the two classes through capture.ts and can carry them, but not look inside.
 */

let contentOfRaw: (capture: RawCapture) => CaptureData;
let contentOfScrubbed: (capture: ScrubbedCapture) => CaptureData;
let newScrubbed: (data: CaptureData, pass: string, source: RedactionSource | undefined) => ScrubbedCapture;

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
  /** The pass that scrubbed it, as `passOf` names it. */
  readonly pass: string;
  /** Where it comes from; not known of captures that an older bridge stored. */
  readonly source: RedactionSource | undefined;
  #stored: string | undefined;

  private constructor(data: CaptureData, pass: string, source: RedactionSource | undefined, stored?: string) {
    this.#data = data;
    this.pass = pass;
    this.source = source;
    this.#stored = stored;
  }

  /** How many values are hidden in it, by the rule that says so. */
  get hidden(): Readonly<Record<string, number>> {
    return this.#data.redacted;
  }

  /** For storage only: JSON text that fits both `text` and `jsonb` columns. Never log it, never answer with it. */
  toStored(): string {
    this.#stored ??= JSON.stringify({ v: 1, pass: this.pass, source: this.source, capture: this.#data });
    return this.#stored;
  }

  /** About how many characters an answer shows of it; a ceiling unless it is mostly quotes and markup. */
  shownChars(): number {
    return visible(this.toStored()).length;
  }

  /** For storage only: what `toStored()` gave, also after `jsonb` reordered its keys. Throws when it is anything else. */
  static fromStored(text: string): ScrubbedCapture {
    const stored = JSON.parse(text) as { v?: unknown; pass?: unknown; source?: unknown; capture?: CaptureData } | null;
    if (stored?.v !== 1 || typeof stored.capture !== 'object' || stored.capture === null) {
      throw new Error('A stored capture has an unknown form.');
    }
    return new ScrubbedCapture(stored.capture, typeof stored.pass === 'string' ? stored.pass : '', sourceIn(stored.source), text);
  }

  /** What a log or an answer shows when somebody serialises it by mistake. */
  toJSON(): string {
    return '[scrubbed capture]';
  }

  static {
    contentOfScrubbed = (capture) => capture.#data;
    newScrubbed = (data, pass, source) => new ScrubbedCapture(data, pass, source);
  }
}

function sourceIn(stored: unknown): RedactionSource | undefined {
  if (typeof stored !== 'object' || stored === null || !('pool' in stored && 'service' in stored)) return undefined;
  const { pool, service } = stored;
  return typeof pool === 'string' && typeof service === 'string' ? { pool, service } : undefined;
}

/** What the agent sent. */
export const openRaw = (capture: RawCapture): CaptureData => contentOfRaw(capture);

/** What `scrub()` left. */
export const openScrubbed = (capture: ScrubbedCapture): CaptureData => contentOfScrubbed(capture);

/** Closes scrubbed data again, with the name of the pass that scrubbed it. */
export const closeScrubbed = (data: CaptureData, pass: string, source?: RedactionSource): ScrubbedCapture =>
  newScrubbed(data, pass, source);
