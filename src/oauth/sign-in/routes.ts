import Router from '@koa/router';
import type { Middleware } from 'koa';
import type { Policies } from '../../authorization/policies.ts';
import type { PeopleStore } from '../../identity/people.ts';
import type { Secrets } from '../../identity/secrets.ts';
import { localIssuer } from '../../identity/standing.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import { Refusal } from '../../lib/refusal.ts';
import type { Fetch } from '../guarded-fetch.ts';
import type { SignIn } from '../open.ts';
import type { OAuthRecordStore } from '../records.ts';
import { answerPeopleFirst } from './answer-people-first.ts';
import { callbackPath, comeBack } from './callback.ts';
import { openCompany } from './company.ts';
import type { NoteSignIn } from './events.ts';
import { decide, showInteraction } from './interaction.ts';
import { createLocalProvider, type LocalProvider } from './local.ts';
import { localRoutes } from './local-routes.ts';
import { createPending } from './pending.ts';
import { createAccounts } from './rechecks.ts';
import { problemPages, showOAuthProblem } from './show-problem.ts';

/** What signing in stands on. */
export interface SignInSettings {
  records: OAuthRecordStore;
  people: PeopleStore;
  secrets: Secrets;
  policies(): Policies;
  clock: Clock;
  log: Log;
  note: NoteSignIn;
  /** How the company's provider is asked; the one of Node by default. */
  fetch?: Fetch;
}

/** How people of this deployment sign in. */
export interface OpenSignIn extends SignIn {
  /** Only where there is no company provider. */
  local?: LocalProvider;
}

/**
 * Signing in as identity.yaml says: at the company's provider, which need not answer yet, or on this computer by links from its
 * terminal. Undefined where the company's provider lets MCP clients in itself. Refuses with `unavailable` when the client secret that
 * the policy names is not there.
 */
export async function openSignIn(settings: SignInSettings): Promise<OpenSignIn | undefined> {
  const { people, records, secrets, clock, log, note, policies } = settings;
  const { mode, company: policy, claims: rules, sign_in: signIn } = policies().identity;
  if (mode === 'resource_server') return undefined;
  let origin: string | undefined;
  const publicOrigin = () => origin ?? notServing();
  const reading = { rules, roles: signIn.roles };
  const company = mode === 'company' && policy !== undefined ? await openCompany(policy, settings) : undefined;
  const local =
    mode === 'local' ? createLocalProvider({ people, records, clock, note, publicOrigin, allowed: signIn.roles }) : undefined;
  const accounts = createAccounts({
    ...{ people, secrets, clock, log, note, reading, company },
    issuer: company?.issuer ?? localIssuer,
    unconfirmedMs: (policy?.unreachable_hours ?? 0) * 3_600_000,
  });
  const pending = createPending(records, secrets, clock);
  const admission = { people, secrets, clock, note, reading };

  return {
    accounts,
    ...(local === undefined ? {} : { local }),
    showError: showOAuthProblem,
    pages({ interactions, origin: served }) {
      origin = served;
      const pages = { interactions, accounts, pending, secrets, policies, log, publicOrigin, company, local };
      const router = new Router();
      router.use(problemPages(log));
      router.get('/oauth/interaction/:uid', (ctx) => showInteraction(ctx, uidOf(ctx), pages));
      router.post('/oauth/interaction/:uid', (ctx) => decide(ctx, uidOf(ctx), pages));
      if (company !== undefined) {
        const settings = { company, pending, admission, secrets, log, note, publicOrigin };
        router.get(callbackPath, (ctx) => comeBack(ctx, settings));
      }
      if (local !== undefined) localRoutes(router, { local, secrets, publicOrigin });
      const serve = router.routes() as unknown as Middleware;
      return local === undefined ? serve : (ctx, next) => answerPeopleFirst(ctx, () => serve(ctx, next), served);
    },
  };
}

function notServing(): never {
  throw new Refusal({ code: 'unavailable', message: 'The bridge does not serve people yet.', next: 'Try again in a moment.' });
}

function uidOf(ctx: { params: Record<string, string | undefined> }): string {
  return ctx.params.uid ?? '';
}
