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
    return markerOf(rule, value, this.#tagKey);
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
