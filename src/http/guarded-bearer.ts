import { hashToken } from '../identity/token-form.ts';
import type { Clock } from '../lib/clock.ts';
import { Refusal } from '../lib/refusal.ts';
import { attempts, wasInvalidToken } from './attempts.ts';

/** Says who a bearer stands for, or refuses. */
type Authenticate<Who> = (bearer: string | undefined, address: string | undefined) => Promise<Who>;

/** Different bearers from one address that are looked at in a minute and are not good. */
const maxFailed = 300;
/** Bearers that were good, by their hash; they are not guessed, and need not wait behind those that are. As many that were not. */
const maxRemembered = 10_000;
/** One that was not good is looked at so often within so long, and then answered without another look until that is over. */
const refusedAgain = { looks: 3, ms: 10_000 } as const;

/** Why a bearer was not good when it was looked at, how often it was, and since when. */
interface Refused {
  problem: unknown;
  looks: number;
  sinceMs: number;
}

/**
 * Looks at no more bearers from one address when too many were not good: looking costs a question to the database, or to the company's
 * provider. One that was good before is looked at all the same, so that its holder is served, or told that it has ended. One that was not
 * is told so again: a fleet with one revoked key behind a proxy, or a script with an expired one, does not shut out everybody beside it.
 */
export function guardBearers<Who>(authenticate: Authenticate<Who>, clock: Clock): Authenticate<Who> {
  const limit = attempts(clock, maxFailed, 'requests with a token that is not good');
  const good = new Remembered<true>();
  // A key may be good from one address and not from another.
  const bad = new Remembered<Refused>();

  function remembered(name: string): Refused | undefined {
    const refused = bad.take(name);
    if (refused === undefined || clock.monotonic() - refused.sinceMs >= refusedAgain.ms) return undefined;
    bad.put(name, refused);
    return refused;
  }

  return async (bearer, address) => {
    if (bearer === undefined) return authenticate(bearer, address);
    const hash = hashToken(bearer);
    const name = `${hash} from ${address}`;
    const refused = remembered(name);
    if (refused !== undefined && refused.looks >= refusedAgain.looks) throw refused.problem;
    const look = () => authenticate(bearer, address);
    const wasGood = good.take(hash) !== undefined;
    try {
      const who = await (wasGood ? look() : limit.run(address, look));
      good.put(hash, true);
      return who;
    } catch (problem) {
      if (isBusy(problem) && refused !== undefined) throw refused.problem;
      if (!wasInvalidToken({ problem })) throw problem;
      const { looks, sinceMs } = refused ?? { looks: 0, sinceMs: clock.monotonic() };
      bad.put(name, { problem, looks: looks + 1, sinceMs });
      throw problem;
    }
  };
}

const isBusy = (problem: unknown) => problem instanceof Refusal && problem.code === 'too_busy';

/** The last 10,000 things that were put in. */
class Remembered<Value> {
  readonly #values = new Map<string, Value>();

  take(name: string): Value | undefined {
    const value = this.#values.get(name);
    this.#values.delete(name);
    return value;
  }

  put(name: string, value: Value): void {
    const [oldest] = this.#values.keys();
    if (this.#values.size >= maxRemembered && oldest !== undefined) this.#values.delete(oldest);
    this.#values.set(name, value);
  }
}
