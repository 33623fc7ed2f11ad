/** A promise that a world did not keep. */
export class Violation extends Error {
  readonly rule: string;

  constructor(rule: string, what: string) {
    super(`${rule}: ${what}`);
    this.rule = rule;
  }
}

/** Throws when a promise is not kept. */
export function must(holds: boolean, rule: string, what: () => string): void {
  if (!holds) throw new Violation(rule, what());
}
