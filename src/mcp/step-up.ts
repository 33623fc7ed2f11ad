import type { Context } from 'koa';
import { Refusal } from '../lib/refusal.ts';
import type { Exchange, Face } from './exchange.ts';
import type { Message } from './message.ts';
import { runToolsCall } from './tools-call.ts';

/**
 * Throws `insufficient_scope` before any SDK sees the message when a wider consent would let the call pass: clients ask for consent on
 * a 403, and never on a result. The call is made all the same, so that it is counted and recorded as every refused call is.
 */
export async function stepUp(face: Face, ctx: Context, message: Message, exchange: Exchange): Promise<void> {
  const called = calledBy(face, message);
  if (called === undefined || !face.spine.needsConsent(exchange.principal, called.tool)) return;
  const left = new AbortController();
  ctx.res.once('close', () => left.abort());
  const rpcId = message.method === 'tools/call' ? message.id : undefined;
  const { refusal } = await runToolsCall(face, exchange, {
    ...{ name: called.tool, arguments: called.arguments, signal: left.signal },
    ...(rpcId !== undefined && { rpcId }),
  });
  if (refusal === undefined) throw new Error(`${called.tool} passed although its consent was missing.`);
  throw new Refusal(refusal);
}

/** The tool a message stands for. Lists are empty without consent: hosts ask for them at the start, when nobody wants anything yet. */
function calledBy({ spine }: Face, { method, params }: Message): { tool: string; arguments: unknown } | undefined {
  if (method === 'tools/call') return { tool: String(params.name), arguments: params.arguments };
  if (method !== 'resources/read') return undefined;
  return spine.resources.map((resource) => resource.callFor(String(params.uri))).find((call) => call !== undefined);
}
