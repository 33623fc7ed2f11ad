import { describe, expect, inject, it } from 'vitest';
import { fromClients } from './install.ts';
import { expectSnapshot } from './snapshot.ts';
import { onTill } from './till.ts';

interface Mcp {
  createMCPClient(options: object): Promise<{ tools(): Promise<Record<string, object>>; close(): Promise<void> }>;
}
interface Ai {
  generateText(options: object): Promise<{
    text: string;
    steps: { toolResults: { toolName: string; output: { structuredContent?: unknown; isError?: boolean } }[] }[];
  }>;
  isStepCount(count: number): object;
}
interface AiTest {
  MockLanguageModelV4: new (options: { doGenerate: object[] }) => { doGenerateCalls: { tools?: { name: string }[] }[] };
}

const usage = { inputTokens: { total: 1 }, outputTokens: { total: 1 } };

describe('the MCP client of the Vercel AI SDK', () => {
  it('takes a snapshot when the model asks for one, and the next step holds the value', async () => {
    const { createMCPClient } = await fromClients<Mcp>('@ai-sdk/mcp');
    const { generateText, isStepCount } = await fromClients<Ai>('ai');
    const { MockLanguageModelV4 } = await fromClients<AiTest>('ai/test');
    const input = JSON.stringify(onTill);
    const asks = { type: 'tool-call', toolCallId: 'call_1', toolName: 'take_snapshot', input };
    const model = new MockLanguageModelV4({
      doGenerate: [
        { content: [asks], finishReason: { unified: 'tool-calls' }, usage, warnings: [] },
        { content: [{ type: 'text', text: 'read' }], finishReason: { unified: 'stop' }, usage, warnings: [] },
      ],
    });
    const client = await createMCPClient({
      transport: { type: 'http', url: inject('mcpUrl'), headers: { Authorization: `Bearer ${inject('key')}` } },
    });
    const { text, steps } = await generateText({ model, tools: await client.tools(), prompt: 'Paid?', stopWhen: isStepCount(2) });
    await client.close();
    expect(text).toBe('read');
    expect(model.doGenerateCalls[0]?.tools?.map((tool) => tool.name)).toContain('take_snapshot');
    expectSnapshot(steps[0]?.toolResults[0]?.output.structuredContent);
  });
});
