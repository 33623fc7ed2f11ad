/** Which names hide their values: for each rule the word sequences that trigger it, and words that take a name out again. */
export interface NameRules {
    /** Rule name → phrases of lower-case words, for example `password: ['password', 'pass phrase']`. */
    hidden: Record<string, string[]>;
    /** Words or phrases that make a name harmless when it ends in one, for example `count` in `tokenCount`. */
    harmlessEndings: string[];
    /** Words or phrases that make a name harmless when it starts with one, for example `has` in `hasPassword`. */
    harmlessBeginnings: string[];
}
/**
 * Makes the question "does this name hide its value?" answerable on a hot path: the rule's name, or undefined.
 * A phrase matches whole words of a name however it is written: `apiKey`, `API_KEY`, `x-api-key`, `apikey2`.
 * A harmless beginning or ending does not disarm a phrase that contains it: `secretId` is hidden by `secret id`.
 */
export declare function compileNameRules(rules: NameRules): (name: string) => string | undefined;
/**
 * The lower-case words of a name: split at everything that is not a letter, at `aB`, and before the last capital of `ABc`.
 * Digits separate, so `password2` is `password`.
 */
export declare function wordsOf(name: string): string[];
