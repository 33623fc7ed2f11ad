import type { Context } from 'koa';
import { readJson } from '../http/body.ts';
import { Refusal, type RefusalCode, type RefusalDetails } from '../lib/refusal.ts';

/** One JSON-RPC message, checked as far as the endpoint itself reads it; the SDKs check the rest. */
export interface Message {
  /** As it came, for the SDKs. */
  body: object;
  /** Undefined for a response, which a client may post. */
  method: string | undefined;
  /** Undefined for notifications. */
  id: string | number | undefined;
  params: Record<string, unknown>;
}

/** Reads the one message of a POST. */
export async function readMessage(ctx: Context, maxBytes: number): Promise<Message> {
  const body = await readJson(ctx, maxBytes);
  if (Array.isArray(body)) throw invalidMessage('Batches are not taken; send one message per POST.');
  if (!isRecord(body) || body.jsonrpc !== '2.0') throw invalidMessage('The body is not a JSON-RPC 2.0 message.');
  const { method, id, params } = body;
  if (method !== undefined && typeof method !== 'string') throw invalidMessage('"method" must be a string.');
  return {
    body,
    method,
    id: typeof id === 'string' || typeof id === 'number' ? id : undefined,
    params: isRecord(params) ? params : {},
  };
}

/** What the sender says beside its message; keys of W3C Trace Context stand there without a prefix (SEP-414). */
export function metaOf({ params }: Message): Record<string, unknown> | undefined {
  return isRecord(params._meta) ? params._meta : undefined;
}

/** How a refusal before dispatch looks to a JSON-RPC client; `id` is null, because no request was read to its end. */
export function rpcError(details: RefusalDetails, requestId: string): object {
  const { code, message, field, next, data } = details;
  return {
    jsonrpc: '2.0',
    id: null,
    error: { code: rpcCodes[code] ?? -32_000, message, data: { ...data, code, field, next, requestId } },
  };
}

/** JSON-RPC 2.0 section 5.1; every other code is in the range left to servers. */
const rpcCodes: Partial<Record<RefusalCode, number>> = {
  malformed_json: -32_700,
  invalid_message: -32_600,
  internal_error: -32_603,
};

function invalidMessage(message: string): Refusal {
  return new Refusal({ code: 'invalid_message', message });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
