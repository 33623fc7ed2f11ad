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

/** A key that agents come with. */
export interface Enrolment {
  org: string;
  pool: string;
  keyId: string;
  secret: string;
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
  /** How long it is to wait for hits at most. */
  waitMs: number;
  /** It must have ended by then, whatever went wrong. */
  deadline: number;
  /** Whether its replica had policies in force that allow the tool, at any time since it began. */
  wasExposed: boolean;
}

/** What came of it: an answer, or the reason why there is none. */
export type Outcome = { answer: Answer } | { broken: unknown };

/** Longest that standing in line, a lost database and an agent that does not answer take, one after the other. */
export const slackMs = 150_000;
/** The same where the database answers at once and nobody stands in line: six seconds for an agent that does not answer, three for one that moves. */
export const promptSlackMs = 12_000;

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
  readonly actions: { id: string; org: string }[] = [];
  #number = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  next(callers: readonly [Caller, ...Caller[]], now: number): OpenCall {
    const random = this.#random;
    // Two have most to do, so that allowances are met.
    const caller = random.chance(0.6) ? random.pick([callers[0], callers[1] ?? callers[0]]) : random.pick(callers);
    return this.#open(caller, ...this.#ask(caller.org), now);
  }

  /** Goes on with an action that an answer left pending. */
  wait(caller: Caller, actionId: string, afterHit: number, now: number): OpenCall {
    return this.#open(caller, 'wait_for_hits', { actionId, waitSeconds: this.#random.integer(2, 8), afterHit }, now);
  }

  #open(caller: Caller, tool: string, args: Record<string, unknown>, now: number): OpenCall {
    const waitMs = Number(args.waitSeconds ?? 0) * 1_000;
    this.#number += 1;
    const whole = { number: this.#number, caller, tool, arguments: args, startedAt: now, waitMs };
    return { ...whole, deadline: now + waitMs + slackMs, wasExposed: false };
  }

  #ask(org: string): [string, Record<string, unknown>] {
    const random = this.#random;
    const turn = random.next();
    if (turn < 0.42) return this.#place();
    if (turn < 0.52) return ['cancel_actions', this.#cancel()];
    if (turn < 0.56) return ['locate', { source: { service: 'checkout' }, function: 'priceOf' }];
    const tool = random.pick(readers);
    // Ids of others are tried, too.
    const actionId = this.#action(random.chance(0.7) ? org : undefined);
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

  #action(org?: string): string {
    const some = this.actions.filter((action) => action.org === (org ?? action.org)).slice(-6);
    return some[this.#random.integer(0, some.length - 1)]?.id ?? 'act_0000000000000000000000';
  }
}
