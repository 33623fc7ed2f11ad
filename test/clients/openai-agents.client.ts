import { describe, expect, inject, it } from 'vitest';
import { fromClients } from './install.ts';
import { dataIn, expectSnapshot } from './snapshot.ts';
import { onTill } from './till.ts';

interface Agents {
  Agent: new (options: object) => object;
  Runner: new (options: {
    tracingDisabled: boolean;
  }) => { run(agent: object, input: string): Promise<{ finalOutput?: unknown }> };
  Usage: new () => object;
  MCPServerStreamableHttp: new (options: object) => { connect(): Promise<void>; close(): Promise<void> };
}
interface OfferedTool {
  type: string;
  name: string;
  strict: boolean;
  parameters: { properties: Record<string, unknown>; required: string[] };
}
interface ModelRequest {
  input: { type?: string; output?: unknown }[];
  tools: OfferedTool[];
}

/** A model that asks for one call and then repeats what the tool answered; every request it got. */
async function runScripted(options: { strict: boolean; args: object; structured: boolean }) {
  const { Agent, Runner, Usage, MCPServerStreamableHttp } = await fromClients<Agents>('@openai/agents');
  const requests: ModelRequest[] = [];
  const model = {
    async getResponse(request: ModelRequest) {
      requests.push(request);
      const output =
        requests.length === 1
          ? {
              type: 'function_call',
              callId: 'call_1',
              name: 'take_snapshot',
              status: 'completed',
              arguments: JSON.stringify(options.args),
            }
          : { type: 'message', role: 'assistant', status: 'completed', content: [{ type: 'output_text', text: 'read' }] };
      return { usage: new Usage(), output: [output] };
    },
  };
  const server = new MCPServerStreamableHttp({
    url: inject('mcpUrl'),
    requestInit: { headers: { Authorization: `Bearer ${inject('key')}` } },
    timeout: 120_000,
    useStructuredContent: options.structured,
  });
  await server.connect();
  const mcpConfig = { convertSchemasToStrict: options.strict };
  const agent = new Agent({ name: 'debugger', instructions: 'Find out.', model, mcpServers: [server], mcpConfig });
  const { finalOutput } = await new Runner({ tracingDisabled: true }).run(agent, 'What was paid?');
  await server.close();
  return { requests, finalOutput };
}

/** The text of the one tool result that the model was given. */
function toolOutput(request: ModelRequest | undefined): string {
  const { output } = request?.input.find((item) => item.type === 'function_call_result') ?? {};
  const [block] = Array.isArray(output) ? output : [output];
  return typeof block === 'string' ? block : (block as { text: string }).text;
}

describe('an agent of the OpenAI Agents SDK', () => {
  it('is offered the tools, takes a snapshot, and its model is given the value', async () => {
    const { requests, finalOutput } = await runScripted({ strict: false, args: onTill, structured: false });
    expect(requests[0]?.tools.map((tool) => tool.name)).toContain('take_snapshot');
    expectSnapshot(dataIn(toolOutput(requests[1])));
    expect(finalOutput).toBe('read');
  });

  it('can offer the tools as strict, and then what the model leaves out comes as null', async () => {
    const nulls = { condition: null, expectLine: null, maxHits: null, timeoutSeconds: null, waitSeconds: null, depth: null };
    const { source } = onTill;
    const everyPart = { environment: null, version: null, tag: null, pool: null, agentIds: null, ...source };
    const { requests } = await runScripted({ strict: true, args: { ...nulls, ...onTill, source: everyPart }, structured: false });
    const tools = requests[0]?.tools ?? [];
    const open = tools.filter(({ strict }) => !strict);
    // An object without any property cannot be strict while it is open; the SDK then offers that tool as it is.
    expect(open.filter(({ parameters }) => Object.keys(parameters.properties).length > 0).map(({ name }) => name)).toEqual([]);
    expect(tools.length).toBeGreaterThan(open.length);
    for (const { name, parameters } of tools.filter(({ strict }) => strict))
      expect([name, parameters.required.toSorted()]).toEqual([name, Object.keys(parameters.properties).toSorted()]);
    expectSnapshot(dataIn(toolOutput(requests[1])));
  });

  it('gives its model the structured content when told to', async () => {
    const { requests } = await runScripted({ strict: false, args: onTill, structured: true });
    expectSnapshot(JSON.parse(toolOutput(requests[1])));
  });
});
