import { challengeFor } from '../http/challenge.ts';
import type { Answer } from '../tools/present.ts';
import type { Exchange } from './exchange.ts';
import { linksOf, type ResourceLink, takesLinks } from './resources/links.ts';

/** A tool's answer as both eras of MCP put it: text for models that read nothing else, the same facts as data, links to raw hits. */
export interface ToolResult {
  [key: string]: unknown;
  content: [{ type: 'text'; text: string }, ...ResourceLink[]];
  structuredContent: Record<string, unknown>;
  isError: boolean;
  _meta: Record<string, unknown>;
}

/** Turns an answer into a `tools/call` result. */
export function present(answer: Answer, exchange: Exchange): ToolResult {
  const { requestId, client, revision, principal, resourceMetadata } = exchange;
  const { latencyMs } = answer.structured;
  // ChatGPT offers to sign in again only where a result says so.
  const challenge = answer.refusal && challengeFor(principal, answer.refusal, resourceMetadata);
  const links = takesLinks(client, revision) ? linksOf(answer.structured) : [];
  return {
    content: [{ type: 'text', text: answer.text }, ...links],
    structuredContent: answer.structured,
    isError: answer.isError,
    _meta: {
      'sidelight/requestId': requestId,
      ...(answer.trace !== undefined && { 'sidelight/traceId': answer.trace.traceId }),
      ...(latencyMs !== undefined && { 'sidelight/latencyMs': latencyMs }),
      ...(challenge !== undefined && { 'mcp/www_authenticate': [challenge] }),
    },
  };
}
