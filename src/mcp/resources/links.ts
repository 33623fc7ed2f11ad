import { describeHit, type ListedResource } from './list.ts';

/** A content block that names a resource. */
export interface ResourceLink extends ListedResource {
  type: 'resource_link';
}

/** Hits linked in one answer; each costs a model about 60 tokens. */
const maxLinks = 3;

/** The first revision that has the block. */
const since = '2025-06-18';

/**
 * Clients that let their user or model open a linked resource, by the name they give themselves. Others get no links: LangChain's
 * adapter hands each to the model as a file to download, which providers answer with an error, and n8n reads no resources.
 */
const readers =
  /^(?:claude-code|codex-mcp-client|cursor-vscode|gemini-cli-mcp-client|(?:mcp-)?inspector|visual[ -]studio[ -]code)\b/i;

/** Whether a client of this name (`name/version`) and revision takes links. */
export function takesLinks(client: string | undefined, revision: string): boolean {
  return client !== undefined && readers.test(client) && revision >= since;
}

/** Links to the first hits an answer shows; none when it shows no hits. */
export function linksOf({ actionId, hits, messages }: Record<string, unknown>): ResourceLink[] {
  const shown = Array.isArray(hits) ? hits : Array.isArray(messages) ? messages : [];
  if (typeof actionId !== 'string') return [];
  return shown.slice(0, maxLinks).flatMap((hit: unknown) => {
    const number = typeof hit === 'object' && hit !== null ? Reflect.get(hit, 'number') : undefined;
    return typeof number === 'number' ? [{ type: 'resource_link' as const, ...describeHit(actionId, number) }] : [];
  });
}
