import { answerSchema } from './answer.ts';
import { portableSchema } from './portable-schema.ts';
import type { Annotations, Tool } from './tool.ts';

/** A tool as clients see it; the schemas are JSON Schema. */
export interface ListedTool {
  name: string;
  title: string;
  description: string;
  inputSchema: ReturnType<typeof portableSchema>;
  outputSchema: ReturnType<typeof portableSchema>;
  annotations: Annotations & { title: string };
}

/** All tools of a bridge: what runs, and what is shown, computed once. */
export interface Registry {
  get(name: string): Tool | undefined;
  names: string[];
  /** In the order of their names, so that lists are the same for everyone and every time. */
  listed: ListedTool[];
}

/** Throws at start when a tool has a bad name or a schema that not every client can digest. */
export function createRegistry(tools: Tool[]): Registry {
  const byName = new Map<string, Tool>();
  for (const tool of tools) {
    if (!/^[a-z][a-z0-9_]{0,39}$/.test(tool.name))
      throw new Error(`Tool name ${tool.name} is not snake_case of at most 40 characters.`);
    if (byName.has(tool.name)) throw new Error(`Tool ${tool.name} is registered twice.`);
    byName.set(tool.name, tool);
  }
  const names = [...byName.keys()].sort();
  return { get: (name) => byName.get(name), names, listed: names.map((name) => list(byName.get(name) as Tool)) };
}

function list(tool: Tool): ListedTool {
  return {
    name: tool.name,
    title: tool.title,
    description: tool.description,
    inputSchema: portableSchema(tool.input, 'input'),
    outputSchema: portableSchema(answerSchema(tool.output), 'output'),
    annotations: { title: tool.title, ...tool.annotations },
  };
}
