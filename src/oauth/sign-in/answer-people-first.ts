import type { Context } from 'koa';
import { isShown, showOAuthProblem } from './show-problem.ts';

/**
 * Where nobody but this computer's terminal says who people are, a request for authorization that fails at once (`prompt=none`, say) is
 * told to the person, not to the client: a redirect that nobody saw leads the browser, with its cookies, to a port anybody may have taken.
 */
export async function answerPeopleFirst(ctx: Context, next: () => Promise<unknown>, origin: string): Promise<void> {
  const begins = /^\/oauth\/authorize\/?$/i.test(ctx.path); // as it came: the path may be another afterwards
  await next();
  if (!begins || isShown(ctx)) return;
  const location = ctx.response.get('Location');
  const to = URL.canParse(location, origin) ? new URL(location, origin) : undefined;
  if (to?.origin === origin && to.pathname.startsWith('/oauth/interaction/')) return;
  ctx.remove('Location');
  ctx.status = 400;
  const error = to?.searchParams.get('error') ?? 'invalid_request';
  showOAuthProblem(ctx, { error, description: to?.searchParams.get('error_description') ?? undefined });
}
