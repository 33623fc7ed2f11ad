/** Tokens that their vendor made recognisable by how they begin. */
export interface TokenForm {
  /** The rule its marker names. */
  rule: string;
  /** How they begin, for example `ghp_`; only where no letter or digit stands before. */
  prefixes: string[];
  /** Characters after the prefix: single ASCII characters and ranges, for example `0-9A-Za-z_-`. */
  characters: string;
  /** Fewest and most characters after the prefix. */
  min: number;
  max: number;
}

/**
 * What an agent hides in text before it leaves the process, in a form that is small enough to travel with each policy. An agent that gets it also
 * hides what needs no table: private keys in PEM, JSON Web Tokens, passwords in URLs.
 */
export interface SecretRules {
  tokens: TokenForm[];
  /**
   * Lower-case schemes of the Authorization header, as in `Bearer …`; those whose credential is a list of parameters with a `=`, and behind it
   * what the first one has to be called, if anything: `digest=`, `token=token`.
   */
  schemes: string[];
  /** Words behind a secret name that are not its value, as in `password: string`. */
  harmlessValues: string[];
  /** Words that begin a placeholder, as in `your-token-here`. */
  instructions: string[];
  /** What paths that read a secret begin with, as in `password: config.password`. */
  codeRoots: string[];
  /** Rules whose value goes on to the end of the line, for example `cookie`. */
  wholeLines: string[];
  /** Rules whose values are short and have digits, for example `pin`. */
  codes: string[];
  /** Lower-case names of what is secret in the query of a URL, as in `?sig=…`; a bridge that is older than this sends none. */
  urlNames?: string[];
}
