/** What one look at a text tells, so that most detectors need not look at most texts. */
export interface Traits {
  length: number;
  /** The text was cut at its end: short beginnings count. */
  cut: boolean;
  digits: number;
  /** ASCII capitals, and every character beyond ASCII: it may be one. */
  capitals: number;
  spaces: number;
  dots: number;
  colons: number;
  dashes: number;
  /** `@`, or `%` that may encode one. */
  at: boolean;
  colon: boolean;
  equals: boolean;
  plus: boolean;
  /** `:`, `=`, `%`, `>`, `,` or a blank: without any of them nothing stands between a name and its value. */
  separator: boolean;
  percent: boolean;
  backslash: boolean;
  /** `{`, `}` or `<`, as code and data have them. */
  braces: boolean;
  /** `"`, `'` or a backtick. */
  quote: boolean;
  lineFeed: boolean;
  /** A tab or an end of a line. */
  breaks: boolean;
  underscore: boolean;
  /** `{` or `[`. */
  container: boolean;
  /** `(` or `)`. */
  parenthesis: boolean;
  pipe: boolean;
  tilde: boolean;
  /** Longest run of letters, digits, `_` and `-`. */
  longestRun: number;
  /** Longest run of those and `+` and `/`. */
  longestBase64: number;
  /** Longest run of letters and digits. */
  longestAlnum: number;
  /** Most digits between which there is nothing but blanks, dots, dashes, slashes, brackets and `+`. */
  numberDigits: number;
  /** Most digits between which there are single blanks and dashes only. */
  linkedDigits: number;
  /** Dots with a digit on each side. */
  digitDots: number;
  /** `:` and `-` behind two letters or digits, and dots behind four. */
  pairs: number;
  fours: number;
  /** Bits of the lists of `announcing` of which a word may be here. */
  announced: number;
  /** Bits of `Shape`. */
  shapes: number;
}

/** Where something of a form begins. */
export const Shape = {
  /** A separator behind letters that the name of something hidden could begin with. */
  assigned: 1,
  /** Letters that the name of something hidden could begin with. */
  named: 16384,
  /** Three letters or digits that tokens of a vendor begin with. */
  vendor: 2,
  /** Two letters and two digits. */
  iban: 4,
  /** Digits and capitals of which one of the numbers of states could be made. */
  nationalId: 8,
  /** Groups of three digits and of four, one after the other. */
  threeAndFour: 16,
  /** Groups of two digits and of four. */
  twoAndFour: 32,
  /** Digits that begin with a zero, and more of them. */
  trunk: 64,
  /** A run in which capitals, small letters and digits are mixed, or one that is long and of one case but not hexadecimal. */
  random: 128,
  /** A run that may be base64 or hexadecimal digits of text. */
  encoded: 256,
  /** A dash that begins an option of a command. */
  option: 512,
  /** Two capitalised words, one after the other. */
  capitalPair: 1024,
  /** A capitalised word that is not the first. */
  capitalWord: 2048,
  /** `://`. */
  scheme: 4096,
  doubleColon: 8192,
  /** A word of `announced` behind `?`, `&`, `#` or `;`. */
  parameter: 32768,
} as const;
