/** Why an expression has no value at this pass, in words for the person who wrote it. */
export class NoValue {
  readonly message: string;
  constructor(message: string) {
    this.message = message;
  }
}

/** The expression reads a name whose value a rule hides: it has no value that may leave the process or steer a hit. */
export class HiddenValue extends NoValue {
  readonly rule: string;
  constructor(name: string, rule: string) {
    super(`\`${name}\` is hidden by the rule \`${rule}\`.`);
    this.rule = rule;
  }
}
