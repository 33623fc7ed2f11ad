import type { Detector, Scanning } from './detectors/detector.ts';
import { detectors } from './detectors/table.ts';
import { KnownNames } from './known-names.ts';
import { markerOf, withoutMarkers } from './marker.ts';
import { ownPatterns } from './patterns.ts';
import { applies, isSecret, type RedactionPolicy, toNameRules } from './policy.ts';

/** A policy made ready to be asked for every value. */
interface Compiled {
  names: KnownNames;
  detectors: readonly Detector[];
  /** Those for labels, where personal data is a false alarm. */
  labelDetectors: readonly Detector[];
  /** Texts in which nothing is hidden, wherever they stand; short ones, because those come again. */
  clean: Set<string>;
  /** The policy's own patterns, which are among the detectors. */
  own: Detector | undefined;
  scanning: Scanning;
  scanningCut: Scanning;
}

const compiled = new WeakMap<RedactionPolicy, Compiled>();

function compile(policy: RedactionPolicy): Compiled {
  const known = compiled.get(policy);
  if (known !== undefined) return known;
  const names = new KnownNames(toNameRules(policy));
  const own = ownPatterns(policy);
  const isWanted = ({ kind }: Detector): boolean =>
    kind === 'secret' || policy.profile !== 'secrets-only' || policy.hide.length > 0;
  const scanning: Scanning = {
    cut: false,
    strict: policy.profile === 'strict',
    nameRule: names.rule,
    phraseRule: names.phraseRule,
    nameGrams: names.grams,
  };
  const all = [...detectors.filter(isWanted), ...(own === undefined ? [] : [own])];
  const made: Compiled = {
    names,
    scanning,
    scanningCut: { ...scanning, cut: true },
    detectors: all,
    labelDetectors: all.filter(({ kind, name }) => kind === 'secret' && name !== 'entropy'),
    clean: new Set(),
    own,
  };
  compiled.set(policy, made);
  return made;
}

/** Names of fields, words and states; ids are longer. */
const maxCleanChars = 24;
const maxClean = 4_096;

/** Values looked at in one capture, values inside JSON texts included; what lies beyond is hidden unseen. */
const maxNodes = 20_000;

/** Characters searched between two pauses: about a millisecond of ordinary text. */
const pieceChars = 4_096;

/** One pass over one capture or answer: policy, key, and what was hidden so far. */
export class Session {
  readonly policy: RedactionPolicy;
  readonly detectors: readonly Detector[];
  /** Values hidden in this pass, by rule. */
  readonly counts: Record<string, number> = {};
  hidden = 0;
  readonly #compiled: Compiled;
  readonly #tagKey: Uint8Array | string | undefined;
  #mayTag: ((value: string) => boolean) | undefined;
  #nodesLeft = maxNodes;
  #workedChars = 0;

  constructor(policy: RedactionPolicy, tagKey: Uint8Array | string | undefined) {
    this.policy = policy;
    this.#compiled = compile(policy);
    this.#tagKey = policy.tags ? tagKey : undefined;
    this.detectors = this.#compiled.detectors;
  }

  /** The marker for a value that is hidden now; `value` undefined when it has no text to compare by. */
  hide(rule: string, value: string | undefined): string {
    this.counts[rule] = (this.counts[rule] ?? 0) + 1;
    this.hidden++;
    const isTagged = value !== undefined && (this.#mayTag?.(value) ?? true);
    return markerOf(rule, isTagged ? value : undefined, this.#tagKey);
  }

  /**
   * Works on words that are not the program's alone: what is hidden in them gets a tag only where `mayTag`. A caller who
   * got tags for words of his own could try values until a tag is that of a hidden one.
   */
  tagging<Result>(mayTag: (value: string) => boolean, work: () => Result): Result {
    const before = this.#mayTag;
    this.#mayTag = mayTag;
    try {
      return work();
    } finally {
      this.#mayTag = before;
    }
  }

  /** The marker that a value of this name would get; its tag, where it would have one, is no value's. */
  markerByName(rule: string): string {
    return markerOf(rule, '', this.#tagKey);
  }

  /** The rule of a name as it is shown; the words of its markers are ours, not the program's. */
  nameRule(name: string): string | undefined {
    return this.#compiled.names.rule(withoutMarkers(name));
  }

  /** The rule of a name inside another, as `number` in `card`, when only both together say it. */
  innerRule(outer: string | undefined, name: string): string | undefined {
    return outer === undefined ? undefined : this.#compiled.names.inner(outer, name);
  }

  /** The rules of hidden names on the way to a value. */
  rulesOn(names: readonly string[]): string[] {
    return names.flatMap((name, at) => this.nameRule(name) ?? this.innerRule(names[at - 1], name) ?? []);
  }

  detectorsFor(label: boolean): readonly Detector[] {
    return label ? this.#compiled.labelDetectors : this.detectors;
  }

  /** Whether nothing was hidden when this text was searched before. */
  isKnownClean(text: string): boolean {
    return text.length <= maxCleanChars && this.#compiled.clean.has(text);
  }

  /** Remembers that a text was searched whole, as something that was not cut, and nothing was hidden. */
  rememberClean(text: string): void {
    if (text.length > maxCleanChars) return;
    const { clean } = this.#compiled;
    if (clean.size >= maxClean) clean.clear();
    clean.add(text);
  }

  isSecret(rule: string): boolean {
    return isSecret(this.policy, rule);
  }

  applies(rule: string): boolean {
    return applies(this.policy, rule);
  }

  /** Own patterns find what is shorter than anything the table knows, and in numbers. */
  get hasOwnPatterns(): boolean {
    return this.#compiled.own !== undefined;
  }

  /** The rule of the first own pattern that fits the text. */
  ownRule(text: string): string | undefined {
    return this.#compiled.own?.find(text, this.scanning(false)).find(({ rule }) => this.applies(rule))?.rule;
  }

  scanning(cut: boolean): Scanning {
    return cut ? this.#compiled.scanningCut : this.#compiled.scanning;
  }

  /** Adds to the work since the last pause, in characters searched. */
  worked(chars: number): void {
    this.#workedChars += chars;
  }

  /** Whether it is time for others; asking begins a new piece when it is. */
  isDue(): boolean {
    if (this.#workedChars < pieceChars) return false;
    this.#workedChars = 0;
    return true;
  }

  /** Counts one value; false when this pass has seen all it may. */
  spendNode(): boolean {
    return this.#nodesLeft-- > 0;
  }
}
