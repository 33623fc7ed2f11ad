import { isIn, sets } from './characters.ts';

/** What one look at a text tells, so that most detectors need not look at most texts. */
export interface Traits {
  length: number;
  /** The text was cut at its end: short beginnings count. */
  cut: boolean;
  digits: number;
  capitals: number;
  spaces: number;
  /** `@`, or `%` that may encode one. */
  at: boolean;
  /** `:`, `=`, `%` or a blank: what can stand between a name and its value. */
  colon: boolean;
  equals: boolean;
  percent: boolean;
  /** Longest run of letters, digits, `_` and `-`. */
  longestRun: number;
}

/** Looks once at every character. */
export function traitsOf(text: string, cut: boolean): Traits {
  const traits: Traits = {
    length: text.length,
    cut,
    digits: 0,
    capitals: 0,
    spaces: 0,
    at: false,
    colon: false,
    equals: false,
    percent: false,
    longestRun: 0,
  };
  let run = 0;
  for (let at = 0; at < text.length; at++) {
    if (isIn(text, at, sets.url64)) {
      run++;
      if (run > traits.longestRun) traits.longestRun = run;
      if (isIn(text, at, sets.digit)) traits.digits++;
      else if (isIn(text, at, sets.upper)) traits.capitals++;
      continue;
    }
    run = 0;
    const code = text.charCodeAt(at);
    if (code === 32) traits.spaces++;
    else if (code === 58) traits.colon = true;
    else if (code === 61) traits.equals = true;
    else if (code === 64) traits.at = true;
    else if (code === 37) traits.percent = true;
    // Capitals beyond ASCII can begin a name, too.
    else if (code > 127) traits.capitals++;
  }
  return traits;
}
