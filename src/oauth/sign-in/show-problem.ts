import type { Context, Middleware } from 'koa';
import type { Log } from '../../lib/log.ts';
import { Refusal, refusals } from '../../lib/refusal.ts';
import { sendPage } from './pages/page.ts';
import { type Problem, problemPage } from './pages/problem.ts';

/** A refusal with a page of its own: a title, facts, and how the sign-in goes on. */
export class PageRefusal extends Refusal {
  readonly page: Partial<Omit<Problem, 'requestId'>>;

  constructor(refusal: Refusal, page: Partial<Omit<Problem, 'requestId'>>) {
    super(refusal.details);
    this.page = page;
  }
}

/** Whether whoever asks is a person's browser; everybody else gets JSON. */
export function wantsPage(ctx: Context): boolean {
  return ctx.accepts('json', 'html') === 'html';
}

/** Turns what is thrown below into a page for browsers. Programs get the JSON that the rest of the bridge answers with. */
export function problemPages(log: Log): Middleware {
  return async (ctx, next) => {
    try {
      await next();
    } catch (thrown) {
      if (!wantsPage(ctx) || ctx.headerSent) throw thrown;
      const { requestId } = ctx.state as { requestId: string };
      if (thrown instanceof Refusal) {
        const { code, message, next: nextStep } = thrown.details;
        const page = thrown instanceof PageRefusal ? thrown.page : {};
        const status = refusals[code].status;
        return sendPage(
          ctx,
          problemPage({ title: titles[status] ?? 'This did not work', message, next: nextStep, status, requestId, ...page }),
        );
      }
      log.error({ err: thrown, requestId }, 'request failed');
      const message = 'Sidelight failed to answer. Its log names the reason under the request below.';
      sendPage(
        ctx,
        problemPage({ title: 'Something broke here', message, next: 'Start again from your client.', status: 500, requestId }),
      );
    }
  };
}

const shown = new WeakSet<Context['req']>();

/** Whether this request was answered by `showOAuthProblem`; other errors lead to the client, as a redirect or a form that sends itself. */
export function isShown({ req }: Context): boolean {
  return shown.has(req);
}

/** Shows a problem of the authorization server that cannot be sent to the client, because who or where that is does not hold. */
export function showOAuthProblem(ctx: Context, { error, description }: { error: string; description: string | undefined }): void {
  shown.add(ctx.req);
  const { requestId } = ctx.state as { requestId: string };
  if (!wantsPage(ctx)) {
    ctx.body = { error, error_description: description };
    return;
  }
  sendPage(
    ctx,
    problemPage({
      title: 'This sign-in cannot begin',
      message: description ?? 'The request is not one that Sidelight can answer.',
      next: 'Start again from your client. If it happens again, remove Sidelight there and add it once more, so that it registers anew.',
      facts: [['Error', error]],
      status: ctx.status >= 400 ? ctx.status : 400,
      requestId,
    }),
  );
}

const titles: Record<number, string> = {
  400: 'This did not work',
  403: 'You are not let in',
  404: 'This sign-in is over',
  503: 'Not now',
};
