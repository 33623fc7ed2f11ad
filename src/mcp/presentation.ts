import type { Answer } from '../tools/present.ts';

/** A tool's answer as both eras of MCP put it: text for models that read nothing else, the same facts as data. */
export interface ToolResult {
  [key: string]: unknown;
  content: [{ type: 'text'; text: string }];
  structuredContent: Record<string, unknown>;
  isError: boolean;
  _meta: Record<string, unknown>;
}

/** Turns an answer into a `tools/call` result. */
export function present(answer: Answer, requestId: string): ToolResult {
  const { latencyMs } = answer.structured;
  return {
    content: [{ type: 'text', text: answer.text }],
    structuredContent: answer.structured,
    isError: answer.isError,
    _meta: { 'sidelight/requestId': requestId, ...(latencyMs !== undefined && { 'sidelight/latencyMs': latencyMs }) },
  };
}

/** How the server introduces itself in both eras. */
export function serverInfo(version: string): { name: string; title: string; version: string } {
  return { name: 'sidelight', title: 'Sidelight', version };
}
