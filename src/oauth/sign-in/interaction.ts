import type { Context } from 'koa';
import type { Policies } from '../../authorization/policies.ts';
import type { Person } from '../../identity/people.ts';
import { accountId } from '../../identity/people.ts';
import type { Secrets } from '../../identity/secrets.ts';
import type { Log } from '../../lib/log.ts';
import { Refusal } from '../../lib/refusal.ts';
import type { Accounts } from '../accounts.ts';
import type { Interaction, Interactions } from '../interactions.ts';
import { formToken, isFormToken, sameBrowser, thisBrowser } from './browser.ts';
import { callbackPath, providerRefusal } from './callback.ts';
import type { Company } from './company.ts';
import { readForm } from './form.ts';
import type { LocalProvider } from './local.ts';
import { offeredScopes } from './offered.ts';
import { consentPage } from './pages/consent.ts';
import { localHelpPage } from './pages/local.ts';
import { sendPage } from './pages/page.ts';
import type { PendingSignIns } from './pending.ts';
import { ProviderProblem } from './provider-problem.ts';
import { PageRefusal } from './show-problem.ts';

/** What the pages of an interaction stand on. */
export interface InteractionPages {
  interactions: Interactions;
  accounts: Accounts;
  pending: PendingSignIns;
  secrets: Secrets;
  policies(): Policies;
  log: Log;
  publicOrigin(): string;
  /** Where people sign in: exactly one of the two. */
  company?: Company;
  local?: LocalProvider;
}

/** A person opens their interaction: they sign in, or they are asked for consent. */
export async function showInteraction(ctx: Context, uid: string, pages: InteractionPages): Promise<void> {
  const interaction = await pages.interactions.read(ctx, uid);
  if (interaction.step === 'consent') return askConsent(ctx, interaction, pages);
  const browser = thisBrowser(ctx, pages.publicOrigin());
  const signed = await pages.pending.whoSignedIn(uid, browser);
  if (signed !== undefined) return pages.interactions.signedIn(ctx, uid, await personOf(signed, pages));
  if (pages.company !== undefined) return goToProvider(ctx, interaction, browser, pages.company, pages);
  pages.local?.requireLoopback(ctx);
  const person = await pages.local?.signIn(ctx, uid);
  if (person !== undefined) return pages.interactions.signedIn(ctx, uid, person);
  sendPage(ctx, localHelpPage(ctx.path));
}

async function goToProvider(
  ctx: Context,
  { uid, client }: Interaction,
  browser: string,
  company: Company,
  { pending, publicOrigin, secrets, log }: InteractionPages,
): Promise<void> {
  try {
    const ties = await pending.begin({ uid, browser, client });
    const url = await company.signInUrl(ties, `${publicOrigin()}${callbackPath}`, ctx.query.again !== undefined);
    ctx.redirect(url.href);
    ctx.status = 303;
  } catch (problem) {
    if (!(problem instanceof ProviderProblem)) throw problem;
    const { kind, code, message } = problem;
    log.warn(
      { issuer: company.issuer, kind, code, reason: message, requestId: ctx.state.requestId },
      'a sign-in could not begin',
    );
    const csrf = formToken(secrets, { uid, browser, scopes: [] });
    throw providerRefusal(problem, {
      goOn: { uid, csrf, clientName: client.name, redirectUri: client.redirectUri, again: 'Try again' },
    });
  }
}

async function askConsent(ctx: Context, interaction: Interaction, pages: InteractionPages): Promise<void> {
  const person = await personOf(interaction, pages);
  const { uid, scopes } = interaction;
  const offered = offeredScopes(pages.policies(), person, scopes);
  const browser = thisBrowser(ctx, pages.publicOrigin());
  const csrf = formToken(pages.secrets, { uid, browser, accountId: accountId(person), scopes: offered });
  sendPage(ctx, consentPage({ interaction, person, offered, csrf, action: ctx.path }));
}

/** A person pressed a button. What they were shown is what counts: another person, role or set of scopes meanwhile voids the form. */
export async function decide(ctx: Context, uid: string, pages: InteractionPages): Promise<void> {
  const form = await readForm(ctx);
  const interaction = await pages.interactions.read(ctx, uid);
  const person = interaction.step === 'consent' ? await personOf(interaction, pages) : undefined;
  const scopes = person === undefined ? [] : offeredScopes(pages.policies(), person, interaction.scopes);
  const browser = sameBrowser(ctx, pages.publicOrigin()) ?? '';
  const account = person === undefined ? {} : { accountId: accountId(person) };
  if (!isFormToken(pages.secrets, { uid, browser, ...account, scopes }, form.get('csrf') ?? '')) throw staleForm(ctx.path);
  const decision = form.get('decision');
  if (decision === 'deny') {
    const why = person === undefined ? 'Nobody signed in.' : 'The person did not consent.';
    return pages.interactions.deny(ctx, uid, 'access_denied', why);
  }
  if (decision !== 'allow' || person === undefined || scopes.length === 0) {
    throw new Refusal({ code: 'invalid_input', message: 'The form was sent without Allow or Deny.', field: 'decision' });
  }
  return pages.interactions.consent(ctx, uid, scopes);
}

/** Who signed in, as they are now; never another one who has the name by now. */
async function personOf(
  { accountId: id = '', firstSeenAt }: Pick<Interaction, 'accountId' | 'firstSeenAt'>,
  { accounts }: InteractionPages,
): Promise<Person> {
  const person = await accounts.current(id);
  if (person !== undefined && person.firstSeenAt === firstSeenAt) return person;
  throw new Refusal({
    code: 'org_access_denied',
    message:
      'You signed in a moment ago and are not let in any more: the operator disabled you, your role changed, or the name is another person’s now.',
    next: 'Start again from your client; if it happens again, ask the operator.',
  });
}

function staleForm(path: string): PageRefusal {
  return new PageRefusal(
    new Refusal({
      code: 'org_access_denied',
      message: 'This form was not shown to this browser, or what it asked for has changed since. Nothing was allowed.',
      next: `Open ${path} again in the browser you signed in with, or start again from your client.`,
    }),
    { title: 'This form does not count' },
  );
}
