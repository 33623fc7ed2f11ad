import type { Random } from '../../agents-sim/random.ts';
import { checkoutFile, priceLine } from '../../agents-sim/scenarios/checkout.ts';
import { leakyFile, leakyLine } from '../../agents-sim/scenarios/leaky.ts';
import type { Answer } from '../../src/tools/present.ts';
import { narrowPool } from './policies.ts';

/** A key, and what it may do by the policies of a storm. */
export interface Caller {
  name: string;
  org: string;
  keyId: string;
  secret: string;
  role: 'viewer' | 'developer' | 'company_admin';
  /** Undefined: all pools. */
  pool: string | undefined;
  /** When it was known to be revoked, in time of the machine. */
  revokedAt?: number;
}

/** One call, from its beginning to its end. */
export interface OpenCall {
  number: number;
  caller: Caller;
  tool: string;
  arguments: Record<string, unknown>;
  startedAt: number;
  /** It must have ended by then, whatever went wrong. */
  deadline: number;
  isLeft: boolean;
}

/** What came of it: an answer, or the reason why there is none. */
export type Outcome = { answer: Answer } | { broken: unknown };

/** Longest that standing in line, a lost database and an agent that does not answer take, one after the other. */
const slackMs = 150_000;

const investigations = ['total', 'login', 'slow'] as const;
const readers = [
  'wait_for_hits',
  'wait_for_hits',
  'wait_for_hits',
  'get_hits',
  'list_actions',
  'list_sources',
  'explain',
  'get_status',
  'compare_hits',
] as const;

/** Thinks of calls. */
export class Wishes {
  readonly #random: Random;
  /** Actions it has heard of, of all callers. */
  readonly actions: string[] = [];
  #number = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  next(callers: readonly [Caller, ...Caller[]], now: number): OpenCall {
    const random = this.#random;
    // Two have most to do, so that allowances are met.
    const caller = random.chance(0.6) ? random.pick([callers[0], callers[1] ?? callers[0]]) : random.pick(callers);
    const [tool, args] = this.#ask();
    const waitMs = Number(args.waitSeconds ?? 0) * 1_000;
    this.#number += 1;
    const whole = { number: this.#number, caller, tool, arguments: args, startedAt: now, isLeft: false };
    return { ...whole, deadline: now + waitMs + slackMs };
  }

  #ask(): [string, Record<string, unknown>] {
    const random = this.#random;
    const turn = random.next();
    if (turn < 0.42) return this.#place();
    if (turn < 0.52) return ['cancel_actions', this.#cancel()];
    if (turn < 0.56) return ['locate', { source: { service: 'checkout' }, function: 'priceOf' }];
    const tool = random.pick(readers);
    const actionId = this.#action();
    if (tool === 'list_actions') return [tool, random.chance(0.5) ? { mine: true } : {}];
    if (tool === 'list_sources' || tool === 'get_status') return [tool, {}];
    if (tool === 'compare_hits') return [tool, { a: { actionIds: [actionId] }, b: { actionIds: [this.#action()] } }];
    return [
      tool,
      { actionId, ...(tool === 'wait_for_hits' ? { waitSeconds: random.integer(0, 8), afterHit: random.integer(0, 3) } : {}) },
    ];
  }

  #place(): [string, Record<string, unknown>] {
    const random = this.#random;
    const isLeaky = random.chance(0.3);
    const common = {
      source: {
        service: isLeaky ? 'sign-in' : 'checkout',
        ...(random.chance(0.15) ? { pool: random.pick([narrowPool, 'green']) } : {}),
      },
      file: isLeaky ? leakyFile : checkoutFile,
      line: isLeaky ? leakyLine : priceLine,
      // A long one ends because somebody ends it.
      timeoutSeconds: random.chance(0.2) ? random.integer(60, 120) : random.integer(2, 14),
      waitSeconds: random.chance(0.4) ? 0 : random.integer(1, 10),
      investigation: random.pick(investigations),
      ...(random.chance(0.1) ? { condition: isLeaky ? 'user.name === "Maria"' : 'price > 20' } : {}),
    };
    const turn = random.next();
    if (turn < 0.1) return ['count_hits', common];
    if (turn < 0.17) return ['measure_duration', { ...common, maxHits: 2 }];
    if (turn < 0.24) return ['measure_value', { ...common, expression: isLeaky ? 'user.name.length' : 'price' }];
    const maxHits = random.pick([1, 1, 2, 3, 6]);
    const each = random.chance(0.3) ? { maxHitsPerAgent: random.integer(1, 3) } : {};
    if (turn < 0.36) return ['add_log', { ...common, template: isLeaky ? 'in {user.email}' : 'cost {price}', maxHits, ...each }];
    return [
      'take_snapshot',
      { ...common, maxHits, ...each, ...(isLeaky ? { expressions: ['headers.authorization', 'note'] } : {}) },
    ];
  }

  #cancel(): Record<string, unknown> {
    if (this.#random.chance(0.6)) return { investigation: this.#random.pick(investigations) };
    return { actionIds: [this.#action(), this.#action()] };
  }

  #action(): string {
    const { actions } = this;
    const some = actions.slice(-6);
    return some.length === 0 ? 'act_0000000000000000000000' : (some[this.#random.integer(0, some.length - 1)] as string);
  }
}
