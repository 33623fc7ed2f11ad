import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import type { CallRequest } from '../../src/call.ts';
import { allPrompts } from '../../src/mcp/prompts/all.ts';
import type { Prompt } from '../../src/mcp/prompts/prompt.ts';
import { allResources } from '../../src/mcp/resources/all.ts';
import type { Resource } from '../../src/mcp/resources/resource.ts';
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

/** The resources the suite reads by name, each by a call as the real ones are. */
const resourceFixtures: Resource[] = [
  resourceOf('test://static-text', /^test:\/\/static-text$/),
  resourceOf('test://template/{id}/data', /^test:\/\/template\/(\w+)\/data$/),
];

function resourceOf(uriTemplate: string, pattern: RegExp): Resource {
  return {
    ...{ uriTemplate, name: uriTemplate, title: uriTemplate, description: 'What the conformance suite reads.' },
    callFor(uri) {
      const match = pattern.exec(uri);
      return match === null ? undefined : { tool: readTool, arguments: { id: match[1] ?? 'static' } };
    },
  };
}

/** Rows of list_actions, so that resources/list has something to be judged by. */
const listedActions = ['a', 'b'].map((letter, index) => ({
  ...{ actionId: `act_${letter.repeat(22)}`, kind: 'snapshot', status: 'completed', file: 'src/checkout.ts', line: 42 },
  ...{ hitCount: index * 2, maxHits: 2 },
}));

/** Answers for the resources above with what they were asked for, as do the tools that read the listed ones. */
const readTool = 'test_read';
const readingTools = new Set([readTool, 'wait_for_hits', 'get_hits']);

/** The prompts the suite gets by name. */
const promptFixtures: Prompt[] = [promptOf('test_simple_prompt', []), promptOf('test_prompt_with_arguments', ['arg1', 'arg2'])];

function promptOf(name: string, args: string[]): Prompt {
  return {
    ...{ name, title: name, description: 'What the conformance suite gets.' },
    arguments: args.map((each) => ({ name: each, description: 'Any text.', required: true, maxChars: 100 })),
    steps: () => ['Do nothing.'],
  };
}

/** The real tools, resources and prompts as they are listed, and beside them the fixtures, which can be called. */
export function fixtureSpine(): Spine {
  const tools = [...createRegistry(allTools).listed, ...Object.keys(fixtures).map(listed)];
  return {
    resources: [...allResources, ...resourceFixtures],
    prompts: [...allPrompts, ...promptFixtures],
    list: () => tools,
    needsConsent: () => false,
    async call(_principal, request) {
      const { requestId, tool } = request;
      if (tool === 'list_actions') return { isError: false, text: 'Two.', structured: { requestId, actions: listedActions } };
      if (readingTools.has(tool)) return { isError: false, text: 'Read.', structured: { requestId, read: request.arguments } };
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
