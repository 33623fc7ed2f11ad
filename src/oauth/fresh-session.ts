import type { Context } from 'koa';
import { paths } from './configuration.ts';
import type { AuthorizationProvider } from './provider.ts';

/**
 * Keeps people of one browser apart. A request for authorization starts without the session of an earlier one, and goes on without it
 * when somebody else signed in meanwhile; oidc-provider would answer with a page that signs the first one out.
 */
export async function keepApart(ctx: Context, provider: AuthorizationProvider): Promise<void> {
  const name = provider.cookieName('session');
  if (ctx.path === paths.authorize) dropCookie(ctx, name);
  const [, uid] = ctx.path.split(`${paths.authorize}/`);
  const sessionId = ctx.cookies.get(name, { signed: true });
  if (uid === undefined || sessionId === undefined) return;
  const [interaction, session] = await Promise.all([provider.Interaction.find(uid), provider.Session.find(sessionId)]);
  const signedIn = interaction?.result?.login?.accountId;
  if (signedIn === undefined || session?.accountId === signedIn || interaction?.session !== undefined) return;
  dropCookie(ctx, name);
}

function dropCookie({ req }: Context, name: string): void {
  const kept = (req.headers.cookie ?? '')
    .split(';')
    .map((cookie) => cookie.trim())
    .filter((cookie) => cookie !== '' && !cookie.startsWith(`${name}=`) && !cookie.startsWith(`${name}.sig=`));
  if (kept.length === 0) delete req.headers.cookie;
  else req.headers.cookie = kept.join('; ');
}
