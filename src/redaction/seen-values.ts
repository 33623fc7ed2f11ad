import { type Node, parseExpression } from '../protocol/expression.ts';
import type { CaptureData } from '../protocol/frames.ts';
import type { Tagged, Value } from '../protocol/value.ts';
import { isCalculation } from './caller-text.ts';
import { constantsOf, isElement, maxAlternatives, measures, type Shown } from './expression-paths.ts';

/** A value that an expression read: the names that lead to it, and how the hit shows it, where it does. */
export interface Source {
  names: string[];
  value?: Value;
}

/** References that are followed on one way; a capture of ours needs one. */
const maxHops = 8;
const nothing: Value = { $: 'undefined' };

/** The values of one scrubbed hit, found by the parts of expressions that read them. */
export class SeenValues {
  readonly #own: Value | undefined;
  readonly #variables: [string, Value][];
  readonly #watched: ReadonlyMap<string, Value>;
  readonly #shown: Shown;

  /** `watched` are results of watch expressions that only read, by the JSON of their trees. */
  constructor(hit: Pick<CaptureData, 'scopes' | 'this'>, watched: ReadonlyMap<string, Value>, shown: Shown) {
    this.#own = hit.this;
    this.#variables = hit.scopes.flatMap(({ variables }) => variables);
    this.#watched = watched;
    this.#shown = shown;
  }

  /** Every value that may be what the part gives, or go into it; constants, measures and answers of tests are none. */
  of(node: Node, hops = 0): Source[] {
    if (node === null || typeof node !== 'object') return [];
    switch (node[0]) {
      case 'this':
        return [this.#settled({ names: ['this'], ...known(this.#own) }, node, hops)];
      case 'name':
        return [this.#settled(this.#variable(node[1]), node, hops)];
      case 'member':
        return this.#member(node, node[1], node[2], hops);
      case 'unary':
        return node[1] === '-' || node[1] === '+' ? this.of(node[2], hops) : [];
      case 'binary':
        return isCalculation(node[1]) ? this.#both(node[2], node[3], hops) : [];
      case 'logical':
      case 'conditional':
        return this.#both(node[2], node[3], hops);
      default:
        return [];
    }
  }

  #both(left: Node, right: Node, hops: number): Source[] {
    return bounded([...this.of(left, hops), ...this.of(right, hops)]);
  }

  #variable(name: string): Source {
    if (name.startsWith('#')) return { names: ['this', name], ...known(this.#own && memberOf(this.#own, name)) };
    return { names: [name], ...known(this.#variables.find(([each]) => each === name)?.[1]) };
  }

  #member(node: Node, target: Node, key: Node, hops: number): Source[] {
    const keys = constantsOf(key, this.#shown);
    if (keys?.length === 1 && measures.has(String(keys[0]))) return [];
    const targets = this.of(target, hops);
    if (keys === undefined) return targets.map(({ names }) => ({ names }));
    return bounded(
      targets.flatMap(({ names, value }) =>
        keys.map((each) => {
          const name = String(each);
          const member = value === undefined ? undefined : memberOf(value, name);
          return this.#settled({ names: isElement(each) ? names : [...names, name], ...known(member) }, node, hops);
        }),
      ),
    );
  }

  /** What a reference points to stands for it, and a watch expression for what no variable shows. */
  #settled(source: Source, node: Node, hops: number): Source {
    const { names, value } = source;
    if (value === undefined || isUnread(value)) {
      const watched = this.#watched.get(JSON.stringify(node));
      return watched === undefined || isA(watched, 'reference') ? { names } : { names, value: watched };
    }
    if (!isA(value, 'reference')) return source;
    const parsed = hops < maxHops ? parseExpression(value.path) : undefined;
    const [found] = parsed?.ok ? this.of(parsed.node, hops + 1) : [];
    return { names, ...known(found?.value) };
  }
}

const known = (value: Value | undefined): { value?: Value } => (value === undefined ? {} : { value });

const isA = <Kind extends Tagged['$']>(value: Value, kind: Kind): value is Extract<Tagged, { $: Kind }> =>
  typeof value === 'object' && value !== null && value.$ === kind;

/** What a capture names without reading it, an expression may have read all the same. */
const isUnread = (value: Value): boolean =>
  isA(value, 'cut') || isA(value, 'unavailable') || isA(value, 'uninitialised') || isA(value, 'getter') || isA(value, 'proxy');

/** Too many to follow count as one that nothing is known of. */
const bounded = (sources: Source[]): Source[] => (sources.length <= maxAlternatives ? sources : [{ names: [] }]);

/** A member of a shown value; undefined when it may be there and is not shown. */
function memberOf(value: Value, name: string): Value | undefined {
  if (value === null || typeof value !== 'object') return nothing;
  switch (value.$) {
    case 'redacted':
      return value;
    case 'object': {
      const field = value.fields.find(([each]) => each === name)?.[1];
      return (
        field ?? (value.more !== undefined || value.fields.some(([each]) => each.includes('[REDACTED:')) ? undefined : nothing)
      );
    }
    case 'error':
      return name === 'message' ? value.message : value.fields.find(([each]) => each === name)?.[1];
    case 'array':
      return /^\d+$/.test(name) ? value.elements[Number(name)] : undefined;
    case 'undefined':
    case 'string':
      return nothing;
    default:
      return undefined;
  }
}
