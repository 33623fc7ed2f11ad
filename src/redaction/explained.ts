import type { Value } from '../protocol/value.ts';
import { listedText, listedValue, notListed } from './allow-list.ts';
import { visible } from './clean.ts';
import type { Detector } from './detectors/detector.ts';
import { parseJsonText, toJsonText } from './json-text.ts';
import { isMarker, markerPattern } from './marker.ts';
import type { RedactionPolicy } from './policy.ts';
import { Session } from './session.ts';
import { scrubText, scrubValue } from './walk.ts';

/** One hidden stretch, and never what was in it. */
export interface Hidden {
  /** Names from the top on, as `user.emails[0]`; `→` leads into JSON inside a text. Empty for a text. */
  path: string;
  /** Where its marker starts, in UTF-16 units of the text shown; absent when the whole value is hidden. */
  start?: number;
  rule: string;
  /** `limit`: it could not be looked at, because it is too long, too deep or failed. */
  by: 'name' | 'detector' | 'pattern' | 'allow-list' | 'limit';
  /** Which detectors found its rule, where one did. */
  detectors?: string[];
  /** Line breaks in hidden stretches before it, which the text shown lacks. */
  breaksBefore: number;
}

/** A text or value as it is shown, and what is hidden in it. */
export interface Explained<Shown> {
  shown: Shown;
  hidden: Hidden[];
  /** By rule. */
  counts: Record<string, number>;
}

/** Rules that tell of a limit, not of a class. */
const limitRules: ReadonlySet<string> = new Set(['unscanned', 'error']);

/** A text as `scrub()` treats one of the program: as JSON when it is JSON, else as text. Without a key there are no tags. */
export function explainText(policy: RedactionPolicy, text: string, key?: Uint8Array): Explained<string> {
  const session = new ExplainingSession(policy, key);
  const shown = failingClosed(session, () => {
    const value = parseJsonText(text);
    if (value === undefined) return scrubText(session, listedText(session, text));
    const listed = listedValue(session, value, []);
    return scrubText(session, listed === value ? text : toJsonText(listed));
  });
  return { shown, hidden: session.explain(parseJsonText(shown) ?? shown), counts: session.counts };
}

/** A value of JSON as `scrub()` treats a variable of this name. Without a key there are no tags. */
export function explainValue(policy: RedactionPolicy, json: unknown, name?: string): Explained<unknown> {
  const session = new ExplainingSession(policy, undefined);
  const value = parseJsonText(`[${JSON.stringify(json)}]`);
  const [only = null] = typeof value === 'object' && value?.$ === 'array' ? value.elements : [];
  const position = { depth: 0, level: 0, ...(name === undefined ? {} : { name }) };
  const shown = scrubValue(session, listedValue(session, only, name === undefined ? [] : [name]), position);
  return { shown: JSON.parse(toJsonText(shown)), hidden: session.explain(shown, name), counts: session.counts };
}

function failingClosed(session: Session, work: () => string): string {
  try {
    return work();
  } catch {
    return session.hide('error', undefined);
  }
}

interface At {
  path: string;
  name?: string | undefined;
  outer?: string | undefined;
}

/** A pass that remembers which markers are its own, and who found what. */
class ExplainingSession extends Session {
  override readonly detectors: readonly Detector[];
  readonly #foundBy = new Map<string, Set<string>>();
  /** Marker → line breaks in what it stands for. */
  readonly #made = new Map<string, number>();

  constructor(policy: RedactionPolicy, key: Uint8Array | undefined) {
    super(policy, key);
    this.detectors = new Session(policy, undefined).detectors.map((detector) => ({
      ...detector,
      find: (text, scanning) => {
        const findings = detector.find(text, scanning);
        for (const { rule } of findings) this.#foundBy.set(rule, (this.#foundBy.get(rule) ?? new Set()).add(detector.name));
        return findings;
      },
    }));
  }

  override hide(rule: string, value: string | undefined): string {
    const marker = super.hide(rule, value);
    this.#made.set(marker, breaksIn(value ?? ''));
    return marker;
  }

  /** What this pass hid in a value, in the order in which it is shown. */
  explain(shown: Value, name?: string): Hidden[] {
    return [...this.#walk(shown, { path: name === undefined ? '' : step('', name), name })];
  }

  *#walk(value: Value, at: At): Generator<Hidden> {
    if (typeof value === 'string') return yield* this.#inText(value, at);
    if (typeof value !== 'object' || value === null) return;
    if (value.$ === 'redacted') {
      if (this.#made.has(value.marker ?? '')) yield this.#whole(value.rule, at);
    } else if (value.$ === 'array') {
      for (const [index, element] of value.elements.entries())
        yield* this.#walk(element, { ...at, path: `${at.path}[${index}]` });
    } else if (value.$ === 'object') {
      for (const [name, field] of value.fields) {
        yield* this.#markersIn(name, at.path);
        yield* this.#walk(field, { path: step(at.path, name), name, outer: at.name });
      }
    }
  }

  *#inText(text: string, at: At): Generator<Hidden> {
    if (isMarker(text)) {
      const rule = ruleIn(text);
      if (this.#made.has(text)) yield this.#whole(rule, at);
      return;
    }
    const inner = text.includes('[REDACTED:') ? parseJsonText(text) : undefined;
    if (inner === undefined) yield* this.#markersIn(text, at.path);
    else yield* this.#walk(inner, { path: `${at.path}→` });
  }

  #whole(rule: string, { path, name, outer }: At): Hidden {
    const named = name === undefined ? undefined : (this.nameRule(name) ?? this.innerRule(outer, name));
    const by = named === rule ? 'name' : this.#by(rule);
    return { path, rule, by, ...(by === 'detector' ? this.#who(rule) : {}), breaksBefore: 0 };
  }

  *#markersIn(text: string, path: string): Generator<Hidden> {
    let breaksBefore = 0;
    for (const { 0: marker, index } of text.matchAll(markerPattern)) {
      const breaks = this.#made.get(marker);
      if (breaks === undefined) continue;
      const rule = ruleIn(marker);
      const by = this.#by(rule);
      yield { path, start: index, rule, by, ...(by === 'detector' ? this.#who(rule) : {}), breaksBefore };
      breaksBefore += breaks;
    }
  }

  #by(rule: string): Hidden['by'] {
    if (rule === notListed) return 'allow-list';
    if (limitRules.has(rule)) return 'limit';
    return Object.hasOwn(this.policy.patterns, rule) ? 'pattern' : 'detector';
  }

  #who(rule: string): { detectors?: string[] } {
    const names = [...(this.#foundBy.get(rule) ?? [])];
    return names.length === 0 ? {} : { detectors: names };
  }
}

const ruleIn = (marker: string): string => /^\[REDACTED:([a-z0-9-]+)/.exec(marker)?.[1] ?? 'hidden';

export const breaksIn = (text: string): number => text.split('\n').length - 1;

function step(path: string, name: string): string {
  if (!/^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(name)) return `${path}[${visible(JSON.stringify(name))}]`;
  return path === '' || path.endsWith('→') ? `${path}${name}` : `${path}.${name}`;
}
