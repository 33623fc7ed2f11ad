import { compileNameRules } from '../protocol/names.ts';
import type { Detector, Scanning } from './detectors/detector.ts';
import { detectors } from './detectors/table.ts';
import { markerOf, withoutMarkers } from './marker.ts';
import { applies, isSecret, type RedactionPolicy, toNameRules } from './policy.ts';

/** A policy made ready to be asked for every value. */
interface Compiled {
  nameRule(name: string): string | undefined;
  phraseRule(name: string): string | undefined;
  detectors: readonly Detector[];
  scanning: Scanning;
  scanningCut: Scanning;
}

const compiled = new WeakMap<RedactionPolicy, Compiled>();

function compile(policy: RedactionPolicy): Compiled {
  const known = compiled.get(policy);
  if (known !== undefined) return known;
  const names = toNameRules(policy);
  const phrases = Object.entries(names.hidden).map(
    ([rule, list]) => [rule, list.filter((phrase) => /[^A-Za-z]/.test(phrase))] as const,
  );
  const nameRule = compileNameRules(names);
  const phraseRule = compileNameRules({ ...names, hidden: Object.fromEntries(phrases) });
  const scanning: Scanning = { cut: false, strict: policy.profile === 'strict', nameRule, phraseRule };
  const made: Compiled = {
    nameRule,
    phraseRule,
    scanning,
    scanningCut: { ...scanning, cut: true },
    detectors: detectors.filter((detector) => detector.kind === 'secret' || policy.profile !== 'secrets-only'),
  };
  compiled.set(policy, made);
  return made;
}

/** Values looked at in one capture, values inside JSON texts included; what lies beyond is hidden unseen. */
const maxNodes = 20_000;

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
    return this.#compiled.nameRule(withoutMarkers(name));
  }

  /** The rule of a name inside another, as `number` in `card`, when only both together say it. */
  innerRule(outer: string | undefined, name: string): string | undefined {
    if (outer === undefined || this.#compiled.phraseRule(withoutMarkers(outer)) !== undefined) return undefined;
    return this.#compiled.phraseRule(withoutMarkers(`${outer} ${name}`));
  }

  /** The rules of hidden names on the way to a value. */
  rulesOn(names: readonly string[]): string[] {
    return names.flatMap((name, at) => this.nameRule(name) ?? this.innerRule(names[at - 1], name) ?? []);
  }

  isSecret(rule: string): boolean {
    return isSecret(this.policy, rule);
  }

  applies(rule: string): boolean {
    return applies(this.policy, rule);
  }

  scanning(cut: boolean): Scanning {
    return cut ? this.#compiled.scanningCut : this.#compiled.scanning;
  }

  /** Counts one value; false when this pass has seen all it may. */
  spendNode(): boolean {
    return this.#nodesLeft-- > 0;
  }
}
