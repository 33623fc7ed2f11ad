import type { Context } from 'koa';
import type { Secrets } from '../../identity/secrets.ts';
import type { Log } from '../../lib/log.ts';
import { Refusal } from '../../lib/refusal.ts';
import { type Admission, admit } from './admit.ts';
import { formToken, sameBrowser } from './browser.ts';
import type { Company } from './company.ts';
import type { NoteSignIn, Origins } from './events.ts';
import type { Problem } from './pages/problem.ts';
import type { PendingSignIn, PendingSignIns } from './pending.ts';
import { type ProblemKind, ProviderProblem } from './provider-problem.ts';
import { PageRefusal } from './show-problem.ts';

interface CallbackSettings {
  company: Company;
  pending: PendingSignIns;
  admission: Admission;
  secrets: Secrets;
  log: Log;
  note: NoteSignIn;
  publicOrigin(): string;
}

/** Where the provider sends browsers back to: the one address that is registered there. */
export const callbackPath = '/oauth/callback';

/** The browser is back from the provider: its answer is checked and exchanged, and the person goes on to their interaction. */
export async function comeBack(ctx: Context, settings: CallbackSettings): Promise<void> {
  const { company, pending, admission, publicOrigin } = settings;
  const origin = publicOrigin();
  const browser = sameBrowser(ctx, origin);
  const { state } = ctx.query;
  const sign = typeof state === 'string' && browser !== undefined ? await pending.end(state, browser) : undefined;
  if (sign === undefined) throw notBegunHere();
  const about = { requestId: ctx.state.requestId, address: ctx.state.address };
  try {
    const told = await company.finish(new URL(`${origin}${callbackPath}${ctx.search}`), sign.ties);
    const person = await admit(admission, { issuer: company.issuer, ...told }, { clientId: sign.client.id, ...about });
    await pending.done(sign, person);
  } catch (thrown) {
    throw await explained(thrown, sign, about, settings);
  }
  ctx.redirect(`/oauth/interaction/${sign.uid}`);
  ctx.status = 303;
}

/** The page that says what went wrong with a sign-in that this browser began, and how it goes on. */
async function explained(thrown: unknown, sign: PendingSignIn, about: Origins, settings: CallbackSettings): Promise<unknown> {
  const { log, note, company, secrets } = settings;
  if (thrown instanceof ProviderProblem) {
    log.warn(
      { issuer: company.issuer, kind: thrown.kind, code: thrown.code, reason: thrown.message, ...about },
      'a sign-in failed',
    );
    await note({ event: 'sign_in_denied', clientId: sign.client.id, reason: thrown.code, ...about });
    return providerRefusal(thrown, { goOn: goOn(secrets, sign, 'Try again') });
  }
  if (!(thrown instanceof Refusal) || thrown.code !== 'org_access_denied') return thrown;
  const { claim, found } = (thrown.details.data ?? {}) as { claim?: string; found?: string };
  return new PageRefusal(thrown, {
    ...(claim === undefined || found === undefined
      ? {}
      : {
          facts: [
            ['Claim', claim],
            ['It has', found],
          ] as const,
        }),
    goOn: goOn(secrets, sign, 'Sign in as somebody else'),
  });
}

function goOn(secrets: Secrets, { uid, browser, client }: PendingSignIn, again: string): Problem['goOn'] {
  const csrf = formToken(secrets, { uid, browser, scopes: [] });
  return { uid, csrf, clientName: client.name, redirectUri: client.redirectUri, again };
}

/** A failure of the provider as a page; its own words only where they are short and say something. */
export function providerRefusal({ kind, message }: ProviderProblem, page: Partial<Problem>): PageRefusal {
  const { title, says, next, code, status } = words[kind];
  return new PageRefusal(new Refusal({ code, message: says, next }), {
    title,
    status,
    facts: [['What happened', message]],
    ...page,
  });
}

const words: Record<
  ProblemKind,
  { title: string; says: string; next: string; code: 'upstream_error' | 'org_access_denied'; status: number }
> = {
  unreachable: {
    title: 'Your company’s sign-in does not answer',
    says: 'Sidelight asked your company’s provider and got no answer it could use.',
    next: 'Try again in a minute. If it stays so, tell the operator of this Sidelight.',
    code: 'upstream_error',
    status: 502,
  },
  ended: {
    title: 'The sign-in took too long',
    says: 'Your company’s provider did not take the answer that your browser brought back: it was used before, or too old.',
    next: 'Try again.',
    code: 'upstream_error',
    status: 502,
  },
  refused: {
    title: 'Your company did not sign you in',
    says: 'Your company’s provider ended the sign-in.',
    next: 'Try again; if you did not cancel it yourself, ask your company whether you may use Sidelight.',
    code: 'org_access_denied',
    status: 403,
  },
  misconfigured: {
    title: 'Sidelight and your company’s sign-in do not fit',
    says: 'The answer of your company’s provider does not hold, or it refuses this Sidelight as a client.',
    next: 'Tell the operator of this Sidelight; its log has a line under the request below.',
    code: 'upstream_error',
    status: 502,
  },
};

function notBegunHere(): PageRefusal {
  return new PageRefusal(
    new Refusal({
      code: 'invalid_input',
      message: 'This answer belongs to no sign-in that this browser began and has not finished within ten minutes.',
      next: 'Start again from your client, and stay in one browser. If somebody sent you this link, close it.',
    }),
    { title: 'This is not your sign-in' },
  );
}
