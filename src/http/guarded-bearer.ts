import { hashToken } from '../identity/token-form.ts';
import type { Clock } from '../lib/clock.ts';
import { attempts } from './attempts.ts';

/** Says who a bearer stands for, or refuses. */
type Authenticate<Who> = (bearer: string | undefined, address: string | undefined) => Promise<Who>;

/** Bearers from one address that are looked at in a minute and are not good. */
const maxFailed = 300;
/** Bearers that were good, by their hash; they are not guessed, and need not wait behind those that are. */
const maxRemembered = 10_000;

/**
 * Looks at no more bearers from one address when too many were not good: looking costs a question to the database, or to the company's
 * provider. One that was good before is looked at all the same, so that its holder is served, or told that it has ended.
 */
export function guardBearers<Who>(authenticate: Authenticate<Who>, clock: Clock): Authenticate<Who> {
  const limit = attempts(clock, maxFailed, 'requests with a token that is not good');
  const good = new Set<string>();
  return async (bearer, address) => {
    if (bearer === undefined) return authenticate(bearer, address);
    const hash = hashToken(bearer);
    const look = () => authenticate(bearer, address);
    const wasGood = good.delete(hash);
    const who = await (wasGood ? look() : limit.run(address, look));
    const [oldest] = good;
    if (good.size >= maxRemembered && oldest !== undefined) good.delete(oldest);
    good.add(hash);
    return who;
  };
}
