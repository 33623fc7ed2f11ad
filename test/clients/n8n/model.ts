import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** What an OpenAI-compatible model is asked, as much as is looked at. */
export interface Completion {
  messages: { role: string; content: unknown }[];
  tools?: { function: { name: string } }[];
  stream?: boolean;
}

/** A model on loopback that asks for one tool call, then says what the tool answered. */
export interface ScriptedModel {
  url: string;
  asked: Completion[];
  close(): Promise<void>;
}

/** Starts the model; `toolName` is how the tool's name ends, because clients put their own prefix before it. */
export async function startModel(toolName: string, args: object): Promise<ScriptedModel> {
  const asked: Completion[] = [];
  const server = createServer(async (request, response) => {
    const completion = JSON.parse(await text(request)) as Completion;
    asked.push(completion);
    const message = answer(completion, toolName, args);
    const choice = { index: 0, finish_reason: message.tool_calls === undefined ? 'stop' : 'tool_calls' };
    const head = { id: 'chatcmpl-1', created: 0, model: 'scripted' };
    if (completion.stream === true) {
      const delta = {
        ...message,
        ...(message.tool_calls && { tool_calls: message.tool_calls.map((each) => ({ index: 0, ...each })) }),
      };
      response.setHeader('Content-Type', 'text/event-stream');
      response.write(
        `data: ${JSON.stringify({ ...head, object: 'chat.completion.chunk', choices: [{ ...choice, delta }] })}\n\n`,
      );
      response.end('data: [DONE]\n\n');
      return;
    }
    response.setHeader('Content-Type', 'application/json');
    const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
    response.end(JSON.stringify({ ...head, object: 'chat.completion', usage, choices: [{ ...choice, message }] }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    asked,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function answer({ messages, tools = [] }: Completion, toolName: string, args: object) {
  const result = messages.find((message) => message.role === 'tool');
  if (result !== undefined) return { role: 'assistant', content: String(result.content) };
  const tool = tools.find((each) => each.function.name.endsWith(toolName));
  const call = { name: tool?.function.name ?? toolName, arguments: JSON.stringify(args) };
  return { role: 'assistant', content: null, tool_calls: [{ id: 'call_1', type: 'function', function: call }] };
}
