import type { RouterContext } from '@koa/router';
import type { z } from 'zod';
import { readJson } from '../http/body.ts';
import type { OpenCalls } from '../http/open-calls.ts';
import type { CallerState } from '../http/state.ts';
import { type KeyDesk, recordRefused } from '../keys.ts';
import { Refusal } from '../lib/refusal.ts';
import { clientName } from '../mcp/correlation.ts';
import type { KeyRoute } from './key-routes.ts';

/** Serves one operation about keys: read, decide, do, and tell whoever was refused so that the audit trail has it too. */
export function serveKeys(settings: { desk: KeyDesk; calls: OpenCalls; maxBodyBytes: number }, route: KeyRoute) {
  const { desk, calls, maxBodyBytes } = settings;
  return async (ctx: RouterContext<CallerState>) => {
    calls.admit();
    calls.enter(ctx.res);
    const { principal, requestId } = ctx.state;
    const isPost = route.method === 'POST';
    const input = readArguments(route.input, isPost ? await readJson(ctx, maxBodyBytes) : { ...ctx.query });
    const asked = { requestId, address: ctx.state.address, client: clientName({ name: ctx.get('User-Agent') }) };
    const id = ctx.params.id ?? '';
    try {
      const answer = await route.run({ principal, desk, input, id, asked });
      ctx.status = route.creates ? 201 : 200;
      ctx.body = { ...answer, requestId };
    } catch (problem) {
      if (problem instanceof Refusal && route.event !== undefined)
        await recordRefused(desk, principal, { event: route.event, id, code: problem.code, asked });
      throw problem;
    }
  };
}

/** The arguments of an operation. One that is not known would be a right somebody thinks the key has, or lacks: it is refused, not ignored. */
export function readArguments<Input extends z.ZodObject>(schema: Input, given: unknown): z.output<Input> {
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const [unknown] = issue?.code === 'unrecognized_keys' ? issue.keys : [];
  const field = unknown ?? issue?.path.map(String).join('.') ?? '';
  throw new Refusal({
    code: 'invalid_input',
    message: unknown === undefined ? `${field || 'The body'} is not valid: ${issue?.message}.` : `${unknown} is not known here.`,
    ...(field === '' ? {} : { field }),
    next: 'Correct it and send again; openapi.json describes every operation.',
  });
}
