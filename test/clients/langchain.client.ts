import { describe, expect, inject, it } from 'vitest';
import { fromClients } from './install.ts';
import { dataIn, expectSnapshot } from './snapshot.ts';
import { onTill } from './till.ts';

interface Adapters {
  MultiServerMCPClient: new (config: {
    mcpServers: Record<string, object>;
  }) => {
    getTools(): Promise<{ name: string; invoke(args: object): Promise<unknown> }[]>;
    close(): Promise<void>;
  };
}
interface Messages {
  AIMessage: new (fields: { content: string; tool_calls: { id: string; name: string; args: object }[] }) => object;
}
interface Prebuilt {
  ToolNode: new (tools: unknown[]) => { invoke(state: { messages: object[] }): Promise<{ messages: ToolMessage[] }> };
}
interface ToolMessage {
  content: unknown;
  status?: string;
  artifact?: unknown;
}

/** Runs the tool as a LangGraph agent does when a model asked for it. */
async function asked(name: string, args: object): Promise<{ names: string[]; message: ToolMessage | undefined }> {
  const { MultiServerMCPClient } = await fromClients<Adapters>('@langchain/mcp-adapters');
  const { AIMessage } = await fromClients<Messages>('@langchain/core/messages');
  const { ToolNode } = await fromClients<Prebuilt>('@langchain/langgraph/prebuilt');
  const client = new MultiServerMCPClient({
    mcpServers: {
      sidelight: { transport: 'http', url: inject('mcpUrl'), headers: { Authorization: `Bearer ${inject('key')}` } },
    },
  });
  const tools = await client.getTools();
  const message = new AIMessage({ content: '', tool_calls: [{ id: 'call_1', name, args }] });
  const { messages } = await new ToolNode(tools).invoke({ messages: [message] });
  await client.close();
  return { names: tools.map((tool) => tool.name), message: messages[0] };
}

describe('the MCP adapters of LangChain JS', () => {
  it('take a snapshot when a model asks for one, and its message holds the value', async () => {
    const { names, message } = await asked('take_snapshot', onTill);
    expect(names).toContain('take_snapshot');
    const { text, structuredContent } = JSON.parse(textOf(message?.content)) as { text: string; structuredContent: unknown };
    expectSnapshot(dataIn(text));
    expectSnapshot(structuredContent);
  });

  it('tell the model a refusal with its next step', async () => {
    const { message } = await asked('take_snapshot', { ...onTill, source: { service: 'nobody' } });
    expect(message?.status).toBe('error');
    expect(textOf(message?.content)).toMatch(/not_found: .*list_sources/);
  });
});

/** The content is a text, as every model takes it. */
function textOf(content: unknown): string {
  if (typeof content !== 'string') throw new Error(`This is no text: ${JSON.stringify(content)}`);
  return content;
}
