import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import type { CallRequest } from '../../src/call.ts';
import type { Spine } from '../../src/mcp/spine.ts';
import { allTools } from '../../src/tools/all.ts';
import { portableSchema } from '../../src/tools/portable-schema.ts';
import type { Answer } from '../../src/tools/present.ts';
import { createRegistry, type ListedTool } from '../../src/tools/registry.ts';

/** The tools the conformance suite calls by name, in as far as a server whose tools answer with text and data can have them. */
const fixtures: Record<string, (request: CallRequest) => Promise<Omit<Answer, 'structured'>>> = {
  test_simple_text: async () => ({ isError: false, text: 'This is a simple text response for testing.' }),
  // These two are watched for what must not happen: log messages nobody asked for, requests to the client on a response stream.
  test_logging_tool: async () => ({ isError: false, text: 'Nothing to log.' }),
  test_streaming_elicitation: async ({ progress }) => {
    await progress(1, 1, 'Nothing to ask.');
    return { isError: false, text: 'Nothing asked.' };
  },
  test_error_handling: async () => ({ isError: true, text: 'This tool intentionally returns an error for testing' }),
  test_tool_with_progress: async ({ progress }) => {
    for (const done of [0, 50, 100]) {
      await progress(done, 100, `${done} of 100`);
      await delay(50); // the scenario's own wording: "wait ~50ms"
    }
    return { isError: false, text: 'Done.' };
  },
};

/** The real tools as they are listed, and beside them the fixtures, which can be called. */
export function fixtureSpine(): Spine {
  const tools = [...createRegistry(allTools).listed, ...Object.keys(fixtures).map(listed)];
  return {
    list: () => tools,
    async call(_principal, request) {
      const { requestId, tool } = request;
      const fixture = fixtures[tool];
      if (fixture !== undefined) return { ...(await fixture(request)), structured: { requestId } };
      const refusal = { code: 'unsupported_tool', message: `There is no tool ${tool}.` } as const;
      return { isError: true, text: refusal.message, structured: { requestId, error: refusal }, refusal };
    },
  };
}

function listed(name: string): ListedTool {
  const title = name.replaceAll('_', ' ');
  return {
    name,
    title,
    description: `What the conformance suite expects of ${name}.`,
    inputSchema: portableSchema(z.object({}), 'input'),
    outputSchema: portableSchema(z.object({ requestId: z.string().describe('Names this call.') }), 'output'),
    annotations: { title, readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  };
}
