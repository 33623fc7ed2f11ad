import type { Node } from '../protocol/expression.ts';
import type { ViewedHit } from '../redaction/view.ts';
import { collectPaths } from './missing.ts';
import { Where } from './where.ts';

/** Which hits are one side of a comparison; every part must fit. */
export interface Group {
  actionIds: ReadonlySet<string>;
  agentIds?: ReadonlySet<string>;
  where?: Node;
  minDurationMs?: number;
  maxDurationMs?: number;
}

/** How hits were shared out. */
export interface Shares {
  a: number;
  b: number;
  /** They fit both groups, and are in neither. */
  both: number;
  neither: number;
  /** A condition could not be worked out over them: they are in no group. */
  undecided: number;
  /** The first reasons why, each once. */
  reasons: string[];
}

/** Reasons told. */
const maxReasons = 3;

/** Shares hits out between two groups; without a second one it is all hits of the same actions that are not in the first. */
export class Sharing {
  readonly shares: Shares = { a: 0, b: 0, both: 0, neither: 0, undecided: 0, reasons: [] };
  readonly #a: (viewed: ViewedHit) => boolean | string;
  readonly #b: ((viewed: ViewedHit) => boolean | string) | undefined;

  constructor(a: Group, b: Group | undefined) {
    this.#a = fitOf(a);
    this.#b = b === undefined ? undefined : fitOf(b);
  }

  /** The group of a hit, if it has one. */
  of(viewed: ViewedHit): 'a' | 'b' | undefined {
    const a = this.#a(viewed);
    const b = this.#b === undefined ? (typeof a === 'string' ? a : !a) : this.#b(viewed);
    // A hit surely outside one group can still be in the other; where one is not known, the other may overlap.
    if (typeof a === 'string' || typeof b === 'string') {
      this.shares.undecided += 1;
      const why = typeof a === 'string' ? a : String(b);
      if (this.shares.reasons.length < maxReasons && !this.shares.reasons.includes(why)) this.shares.reasons.push(why);
      return undefined;
    }
    const share = a && b ? 'both' : a ? 'a' : b ? 'b' : 'neither';
    this.shares[share] += 1;
    return share === 'a' || share === 'b' ? share : undefined;
  }
}

function fitOf(group: Group): (viewed: ViewedHit) => boolean | string {
  const { actionIds, agentIds, minDurationMs = 0, maxDurationMs = Number.POSITIVE_INFINITY } = group;
  const where = group.where === undefined ? undefined : new Where(group.where);
  const asksDuration = group.minDurationMs !== undefined || group.maxDurationMs !== undefined;
  return ({ actionId, hit }) => {
    if (!actionIds.has(actionId) || agentIds?.has(hit.agentId) === false) return false;
    if (asksDuration) {
      if (hit.durationMicros === undefined) return 'the hit has no duration';
      const durationMs = hit.durationMicros / 1_000;
      if (durationMs < minDurationMs || durationMs > maxDurationMs) return false;
    }
    const fit = where?.fits(hit) ?? { fits: true };
    return fit.fits ?? ('why' in fit ? fit.why : false);
  };
}

/** Paths whose difference is part of the question, so that finding it says nothing. */
export function askedPaths(groups: readonly Group[]): Set<string> {
  const asked = new Set<string>();
  for (const { where, agentIds, minDurationMs, maxDurationMs } of groups) {
    if (agentIds !== undefined) asked.add('@agent');
    if (minDurationMs !== undefined || maxDurationMs !== undefined) asked.add('@durationMs');
    const paths = new Map<string, Node>();
    if (where !== undefined) collectPaths(where, paths);
    for (const path of paths.keys()) asked.add(path);
  }
  return asked;
}
