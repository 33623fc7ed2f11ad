import type Router from '@koa/router';
import type { Context } from 'koa';
import type { Secrets } from '../../identity/secrets.ts';
import { hashToken } from '../../identity/token-form.ts';
import { Refusal } from '../../lib/refusal.ts';
import { type FormBinding, formToken, isFormToken, sameBrowser, thisBrowser } from './browser.ts';
import { readForm } from './form.ts';
import type { LocalProvider } from './local.ts';
import { localHelpPage, localLinkPage, localWelcomePage } from './pages/local.ts';
import { sendPage } from './pages/page.ts';
import { PageRefusal } from './show-problem.ts';

/** What the pages of the built-in provider stand on. */
interface LocalRoutes {
  local: LocalProvider;
  secrets: Secrets;
  publicOrigin(): string;
}

const path = '/oauth/local';

/** The pages of the built-in provider: a link is shown first, and taken when the person presses its button. */
export function localRoutes(router: Router, settings: LocalRoutes): void {
  router.get(path, (ctx) => show(ctx, settings));
  router.post(path, (ctx) => take(ctx, settings));
}

async function show(ctx: Context, { local, secrets, publicOrigin }: LocalRoutes): Promise<void> {
  local.requireLoopback(ctx);
  const { ticket } = ctx.query;
  if (ticket === undefined) {
    const person = await local.whoIs(ctx);
    return sendPage(ctx, person === undefined ? localHelpPage(undefined) : localWelcomePage(person));
  }
  const who = typeof ticket === 'string' ? await local.whose(ticket) : undefined;
  if (who === undefined || typeof ticket !== 'string') throw spentLink();
  const csrf = formToken(secrets, bindingOf(ticket, thisBrowser(ctx, publicOrigin())));
  sendPage(ctx, localLinkPage(who, ticket, csrf));
}

async function take(ctx: Context, { local, secrets, publicOrigin }: LocalRoutes): Promise<void> {
  local.requireLoopback(ctx);
  const form = await readForm(ctx);
  const ticket = form.get('ticket') ?? '';
  const browser = sameBrowser(ctx, publicOrigin()) ?? '';
  if (!isFormToken(secrets, bindingOf(ticket, browser), form.get('csrf') ?? '')) throw foreignForm();
  const about = { requestId: ctx.state.requestId, address: ctx.state.address };
  if ((await local.open(ctx, ticket, about)) === undefined) throw spentLink();
  ctx.redirect(path);
  ctx.status = 303;
}

/** Another site can send a browser to a link and can send a form; it cannot send what was shown to this browser for this link. */
function bindingOf(ticket: string, browser: string): FormBinding {
  return { uid: `local:${hashToken(ticket)}`, browser, scopes: [] };
}

function foreignForm(): PageRefusal {
  return new PageRefusal(
    new Refusal({
      code: 'org_access_denied',
      message: 'This form was not shown to this browser. Nobody was signed in.',
      next: 'Open the link from the terminal again, in the browser you want to use.',
    }),
    { title: 'This form does not count' },
  );
}

function spentLink(): PageRefusal {
  return new PageRefusal(
    new Refusal({
      code: 'invalid_input',
      message: 'This link was used already, or it is older than an hour.',
      next: 'Make a new one with `sidelight people link` on the computer that Sidelight runs on.',
    }),
    { title: 'This link does not work any more' },
  );
}
