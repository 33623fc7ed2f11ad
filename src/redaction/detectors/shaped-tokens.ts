import type { Detector, Finding } from './detector.ts';
import { isPlaceholder } from './placeholder.ts';
import type { Traits } from './traits.ts';

/** Shortest token below, in characters. */
const minChars = 24;

interface Shape {
  /** Stands in each token of this shape; texts without it are not searched. */
  literal: string;
  /** Every part is bounded, and no attempt begins inside a run of what it begins with: time stays linear. */
  pattern: RegExp;
}

/** Tokens whose mark is not at their beginning, as their vendors issue them. */
const shapes: readonly Shape[] = [
  // Client secrets of Microsoft Entra.
  { literal: 'Q~', pattern: /(?<![\w~.])[\w~.]{3}\dQ~[\w~.-]{31,34}(?![\w~-])/g },
  // Bots of Telegram and of Discord.
  { literal: ':A', pattern: /(?<![A-Za-z\d])\d{5,16}:A[\w-]{34}(?![\w-])/g },
  { literal: '.', pattern: /(?<![\w.-])[MNO][\w-]{22,27}\.[\w-]{6}\.[\w-]{27,40}(?![\w-])/g },
  { literal: '.atlasv1.', pattern: /(?<![A-Za-z\d])[A-Za-z\d]{14}\.atlasv1\.[\w=-]{60,70}/g },
  // Mailchimp and Mailgun.
  { literal: '-us', pattern: /(?<![\da-z])[\da-f]{32}-us\d{1,2}(?!\w)/g },
  { literal: '-', pattern: /(?<![\da-z])[\da-h]{32}-[\da-h]{8}-[\da-h]{8}(?![\w-])/g },
  { literal: '_mmk', pattern: /(?<![A-Za-z\d])[A-Za-z\d]{6}_[A-Za-z\d]{29}_mmk(?!\w)/g },
  // Authress, and tokens of apps of Facebook.
  {
    literal: '.acc',
    pattern: /(?<!\w)(?:sc|ext|scauth|authress)_[a-z\d]{5,30}\.[a-z\d]{4,6}\.acc[_-][a-z\d-]{10,32}\.[\w+/=-]{30,120}/g,
  },
  { literal: '|', pattern: /(?<!\d)\d{15,16}\|[\w-]{27,40}(?![\w-])/g },
  // HashiCorp Vault before 1.10.
  { literal: 's.', pattern: /(?<![\w.])s\.(?=[A-Za-z]{0,23}\d)[A-Za-z\d]{24}(?![\w.(])/g },
];

/** Vendors' tokens that are recognised by their whole form. */
export const shapedTokens: Detector = {
  name: 'shaped-tokens',
  kind: 'secret',
  couldHold: (traits) => traits.length >= minChars && couldBeShaped(traits),
  find(text) {
    const findings: Finding[] = [];
    for (const { literal, pattern } of shapes) {
      if (!text.includes(literal)) continue;
      for (const match of text.matchAll(pattern))
        if (!isPlaceholder(match[0]))
          findings.push({ start: match.index, end: match.index + match[0].length, rule: 'vendor-token' });
    }
    return findings;
  },
};

/** Of each shape above: its sign, and the longest of its runs. */
function couldBeShaped(traits: Traits): boolean {
  const { length, longestRun, longestAlnum, longestBase64, tilde, colon, pipe, dots, dashes, underscore } = traits;
  return (
    tilde ||
    (colon && longestRun >= 35) ||
    (pipe && longestRun >= 27) ||
    (dots > 0 && longestAlnum >= 24) ||
    (dots > 1 && (longestBase64 >= 27 || length >= 83)) ||
    (dots > 2 && length >= 56) ||
    (dashes > 0 && longestAlnum >= 32) ||
    (underscore && longestAlnum >= 29 && longestRun >= 40)
  );
}
