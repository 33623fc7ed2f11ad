import type { Traits } from './traits.ts';

/** One stretch of text that is hidden, from `start` up to but not including `end`. */
export interface Finding {
  start: number;
  end: number;
  rule: string;
}

/** What a detector may know beside the text. */
export interface Scanning {
  /** The text was cut at its end: what could be the beginning of a secret there counts as one. */
  cut: boolean;
  /** Profile `strict`: rather hide too much. */
  strict: boolean;
  /** Rule of a name, as in names.ts. */
  nameRule(name: string): string | undefined;
  /** Like `nameRule`, for phrases of several words only. */
  phraseRule(name: string): string | undefined;
  /** What names that have a rule begin with and end in, as in name-filter.ts. */
  nameGrams: Uint32Array;
}

/**
 * Finds one class of secrets or personal data in text. Time must stay linear in the text's length, whatever the text
 * (growth.test.ts attacks every detector): look for a literal first, and never scan from it further than a named bound.
 */
export interface Detector {
  name: string;
  kind: 'secret' | 'personal';
  /** Whether a text with these traits could hold any at all; cheap, and never false for one that does. */
  couldHold(traits: Traits): boolean;
  find(text: string, scanning: Scanning): Finding[];
}
