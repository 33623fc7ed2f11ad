import { join } from 'node:path';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { clients } from '../mcp/clients.ts';
import { clientsFolder, fromClients } from './install.ts';

/** As much of JSON Schema as our tools use. */
interface Schema {
  type?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  [keyword: string]: unknown;
}
interface ListedTool {
  name: string;
  description: string;
  inputSchema: Schema;
}
interface ZodObject {
  safeParse(value: unknown): { success: boolean; data?: unknown };
}

/** Beside the zod it is built for. */
const converter = join(clientsFolder, 'n8n-converter/node_modules/@n8n/json-schema-to-zod/dist/cjs/index.js');

/** Examples write a handle as `act_…`. */
const anyHandle = `act_${'A'.repeat(22)}`;

let tools: ListedTool[];
let toZod: (schema: Schema) => ZodObject;
let toJson: (zod: ZodObject) => Schema;
beforeAll(async () => {
  const client = await clients[0].connect(inject('mcpUrl'), inject('key'));
  tools = (await client.list()) as ListedTool[];
  await client.close();
  toZod = (await fromClients<{ jsonSchemaToZod: typeof toZod }>(converter)).jsonSchemaToZod;
  toJson = (await fromClients<{ zodToJsonSchema: typeof toJson }>('zod-to-json-schema')).zodToJsonSchema;
});

/** The same schema without what says nothing: the dialect, openness, and the order of names. */
function bare({ $schema, additionalProperties, properties, required, items, ...rest }: Schema): Schema {
  return {
    ...rest,
    ...(properties && { properties: Object.fromEntries(Object.entries(properties).map(([name, each]) => [name, bare(each)])) }),
    ...(required?.length && { required: required.toSorted() }),
    ...(items && { items: bare(items) }),
  };
}

describe("n8n's schema converter", () => {
  it('keeps every argument of every tool: type, bounds, choices, default, description, and whether it is required', () => {
    expect(tools.length).toBeGreaterThan(10);
    for (const { name, inputSchema } of tools)
      expect([name, bare(toJson(toZod(inputSchema)))]).toEqual([name, bare(inputSchema)]);
  });

  it('lets the example of every tool through as it is, and adds only defaults', () => {
    for (const { name, description, inputSchema } of tools) {
      const [, example = ''] = /^Example: (\{.*\})$/m.exec(description) ?? [];
      const args = JSON.parse(example.replaceAll('act_…', anyHandle)) as object;
      const { success, data } = toZod(inputSchema).safeParse(args);
      expect([name, success]).toEqual([name, true]);
      expect([name, data]).toMatchObject([name, args]);
    }
  });
});
