import { generated } from './go-pattern.ts';

/** A text that evaluates to something in a Go file of rules; `random` when a part of it was made from a pattern. */
export interface GoText {
  text: string;
  random: boolean;
}

export interface GoRule {
  id: string;
  /** In Go's syntax; undefined when its expression is beyond this reader. */
  regex: string | undefined;
  truePositives: GoText[];
  falsePositives: GoText[];
}

type GoValue = GoText | GoValue[];
type Scope = Map<string, GoValue>;

interface Token {
  kind: 'text' | 'name' | 'sign';
  text: string;
}

/** Raw strings, quoted strings, comments, names and numbers, signs; comments are dropped. */
const tokenPattern = /(`[^`]*`)|("(?:[^"\\\n]|\\.)*")|\/\/[^\n]*|\/\*[\s\S]*?\*\/|([A-Za-z_]\w*|\d+)|(:=|\.\.\.|[^\s\w])/g;

function tokensOf(source: string): Token[] {
  const tokens: Token[] = [];
  for (const [, raw, quoted, name, sign] of source.matchAll(tokenPattern)) {
    if (raw !== undefined) tokens.push({ kind: 'text', text: raw.slice(1, -1) });
    else if (quoted !== undefined) tokens.push({ kind: 'text', text: unquoted(quoted) });
    else if (name !== undefined) tokens.push({ kind: 'name', text: name });
    else if (sign !== undefined) tokens.push({ kind: 'sign', text: sign });
  }
  return tokens;
}

const escapes: Record<string, string> = { n: '\n', t: '\t', r: '\r' };

function unquoted(literal: string): string {
  return literal.slice(1, -1).replaceAll(/\\(.)/g, (_, character: string) => escapes[character] ?? character);
}

/** Evaluates the few kinds of expressions that rules consist of; anything else throws. */
class Reader {
  readonly #tokens: Token[];
  readonly #scope: Scope;
  readonly #layouts: string[];
  #at: number;

  constructor(tokens: Token[], at: number, scope: Scope, layouts: string[]) {
    this.#tokens = tokens;
    this.#at = at;
    this.#scope = scope;
    this.#layouts = layouts;
  }

  expression(): GoValue {
    let value = this.#operand();
    while (this.#take('+')) value = joined([value, this.#operand()]);
    return value;
  }

  #take(sign: string): boolean {
    if (this.#tokens[this.#at]?.text !== sign || this.#tokens[this.#at]?.kind === 'text') return false;
    this.#at++;
    return true;
  }

  #expect(sign: string): void {
    if (!this.#take(sign)) throw new Error(`expected ${sign}`);
  }

  #operand(): GoValue {
    const token = this.#tokens[this.#at++];
    if (token === undefined) throw new Error('unexpected end');
    if (token.kind === 'text') return { text: token.text, random: false };
    if (token.text === '[' || token.text === 'map') return this.#composite();
    if (token.kind === 'sign') throw new Error(`unexpected ${token.text}`);
    let name = token.text;
    while (this.#take('.')) name = this.#tokens[this.#at++]?.text ?? '';
    if (this.#take('(')) return this.#call(name, this.#elements(')'));
    const known = this.#scope.get(name) ?? (/^(?:\d+|true|false)$/.test(name) ? { text: name, random: false } : undefined);
    if (known === undefined) throw new Error(`unknown ${name}`);
    return known;
  }

  /** `[]string{…}` and `map[string]string{…}`: the values. */
  #composite(): GoValue[] {
    while (!this.#take('{')) if (this.#at++ >= this.#tokens.length) throw new Error('unexpected end');
    return this.#elements('}');
  }

  #elements(close: string): GoValue[] {
    const values: GoValue[] = [];
    while (!this.#take(close)) {
      let value = this.expression();
      if (this.#take(':')) value = this.expression();
      values.push(value);
      this.#take('...');
      if (!this.#take(',')) {
        this.#expect(close);
        break;
      }
    }
    return values;
  }

  #call(name: string, args: GoValue[]): GoValue {
    const [first, second, third] = args;
    const text = (value: GoValue | undefined): string => joined([value ?? []]).text;
    const flags = (value: GoValue | undefined): string => (text(value) === 'true' ? '(?i)' : '');
    const exactly = (made: string): GoText => ({ text: made, random: false });
    switch (name) {
      case 'append':
        return args.flat();
      case 'NewSecret':
      case 'newPlausibleSecret':
        return { text: generated(text(first)), random: true };
      case 'GenerateSampleSecret':
        return joined([first as GoValue, exactly('_api_token = "'), second as GoValue, exactly('"')]);
      case 'GenerateSampleSecrets':
        return this.#layouts.map((layout) => ({
          text: layout
            .replaceAll('{i}', text(first))
            .replaceAll('{I}', text(first).toUpperCase())
            .replaceAll('{s}', text(second)),
          random: joined([second as GoValue]).random,
        }));
      case 'MergeRegexps':
        return exactly(args.map(text).join('|'));
      case 'MustCompile':
        return joined([first as GoValue]);
      case 'GenerateUniqueTokenRegex':
        return exactly(`${flags(second)}(?:^|[^A-Za-z0-9_])(${text(first)})(?:[\\x60'"\\s;]|\\\\[nr]|$)`);
      case 'GenerateSemiGenericRegex':
        return exactly(
          `(?i)(?:${(first as GoText[]).map((each) => each.text.replaceAll(/\((?!\?)/g, '(?:')).join('|')})(?:[ \\t\\w.-]{0,20})[\\s'"]{0,3}` +
            `(?:=|>|:{1,3}=|\\|\\||:|=>|\\?=|,)[\\x60'"\\s=]{0,5}(${text(second)})(?:[\\x60'"\\s;]|\\\\[nr]|$)`,
        );
      case 'Sprintf':
        return formatted(text(first), args.slice(1));
      case 'Numeric':
        return exactly(`[0-9]{${text(first)}}`);
      case 'Hex':
        return exactly(`[a-f0-9]{${text(first)}}`);
      case 'AlphaNumeric':
        return exactly(`[a-z0-9]{${text(first)}}`);
      case 'AlphaNumericExtendedShort':
        return exactly(`[a-z0-9_-]{${text(first)}}`);
      case 'AlphaNumericExtended':
        return exactly(`[a-z0-9=_-]{${text(first)}}`);
      case 'AlphaNumericExtendedLong':
        return exactly(`[a-z0-9/=_+-]{${text(first)}}`);
      case 'Hex8_4_4_4_12':
        return exactly('[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}');
      case 'Replace':
      case 'ReplaceAll':
        return exactly(text(first).replaceAll(text(second), text(third)));
      default:
        throw new Error(`unknown ${name}()`);
    }
  }
}

function joined(values: GoValue[]): GoText {
  const parts = values.flat() as GoText[];
  return { text: parts.map((part) => part.text).join(''), random: parts.some((part) => part.random) };
}

function formatted(format: string, args: GoValue[]): GoText {
  const parts = format.split(/%[sdv]/).flatMap((text, index) => [{ text, random: false }, args[index] ?? []]);
  return joined(parts);
}

/** The layouts that gitleaks writes each sample secret in; `source` is its cmd/generate/config/utils/generate.go. */
export function layoutsOf(source: string): string[] {
  return tokensOf(source)
    .filter(({ kind, text }) => kind === 'text' && /\{i\}|\{I\}/.test(text) && text.includes('{s}'))
    .map(({ text }) => text);
}

/** The rules of one file of cmd/generate/config/rules with the samples that its authors check them by. */
export function rulesOf(source: string, layouts: string[]): GoRule[] {
  return source
    .split(/^(?=func )/m)
    .slice(1)
    .flatMap((body) => ruleOf(tokensOf(body), layouts) ?? []);
}

function ruleOf(tokens: Token[], layouts: string[]): GoRule | undefined {
  const scope: Scope = new Map();
  let regex: string | undefined;
  let id: string | undefined;
  const evaluate = (at: number): GoValue | undefined => {
    try {
      return new Reader(tokens, at, scope, layouts).expression();
    } catch {
      return undefined;
    }
  };
  for (const [at, { kind, text }] of tokens.entries()) {
    const sign = tokens[at + 1];
    if (kind !== 'name' || sign?.kind !== 'sign') continue;
    if (text === 'RuleID' && sign.text === ':') id ??= tokens[at + 2]?.text;
    if (text === 'Regex' && sign.text === ':') {
      const value = evaluate(at + 2);
      regex ??= value === undefined ? undefined : joined([value]).text;
    }
    if (sign.text !== ':=' && sign.text !== '=') continue;
    const value = evaluate(at + 2);
    if (value !== undefined) scope.set(text, value);
  }
  const samples = (name: string): GoText[] => [scope.get(name) ?? []].flat(2) as GoText[];
  return id === undefined ? undefined : { id, regex, truePositives: samples('tps'), falsePositives: samples('fps') };
}
