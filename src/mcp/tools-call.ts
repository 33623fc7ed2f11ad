import type { CallRequest } from '../call.ts';
import type { Answer } from '../tools/present.ts';
import type { Exchange, Face } from './exchange.ts';

/** What is recorded of an id that a client chose. */
const maxIdChars = 64;

/** One `tools/call` as either SDK hands it over, or what a resource is read by. */
export interface ToolsCall {
  name: string;
  arguments: unknown;
  /** The id of the JSON-RPC request; a resource that is read by a call has none. */
  rpcId?: string | number;
  /** Aborted when the client cancels or goes away. */
  signal: AbortSignal;
  /** Left out when the client asked for no progress. */
  sendProgress?: ((progress: { progress: number; total: number; message: string }) => Promise<void>) | undefined;
}

/** Runs a tool call for one exchange. The SDKs drop the answer when the client is gone by then. */
export async function runToolsCall(face: Face, exchange: Exchange, incoming: ToolsCall): Promise<Answer> {
  const { principal, requestId, client, address, trace, turn } = exchange;
  return face.calls.run(incoming.signal, (signal) =>
    face.spine.call(principal, {
      tool: incoming.name,
      arguments: incoming.arguments,
      requestId,
      ...(incoming.rpcId !== undefined && { rpcId: String(incoming.rpcId).slice(0, maxIdChars) }),
      signal,
      progress: progressOf(incoming, signal),
      admitted: turn.admitted,
      waiting: turn.end,
      hasProgress: incoming.sendProgress !== undefined,
      face: faceOf(incoming, exchange),
      ...(trace !== undefined && { trace }),
      ...(client !== undefined && { client }),
      ...(address !== undefined && { address }),
    }),
  );
}

/** What the semantic conventions of OpenTelemetry for MCP say of a request. */
function faceOf({ rpcId }: ToolsCall, { revision }: Exchange): NonNullable<CallRequest['face']> {
  const operation = rpcId === undefined ? 'resources/read' : 'tools/call';
  return {
    operation,
    attributes: {
      'mcp.method.name': operation,
      'mcp.protocol.version': revision.slice(0, maxIdChars),
      'network.protocol.name': 'http',
      ...(rpcId === undefined ? {} : { 'jsonrpc.request.id': String(rpcId).slice(0, maxIdChars) }),
    },
  };
}

/** Progress only where it was asked for, and strictly increasing, as the specification demands; a client that left is no error. */
function progressOf(incoming: ToolsCall, signal: AbortSignal): (done: number, total: number, message: string) => Promise<void> {
  let last = Number.NEGATIVE_INFINITY;
  return async (done, total, message) => {
    if (incoming.sendProgress === undefined || signal.aborted || done <= last) return;
    last = done;
    await incoming.sendProgress({ progress: done, total, message }).catch(() => undefined);
  };
}
