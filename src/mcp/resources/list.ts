import { limits } from '../../protocol/limits.ts';
import { quoted } from '../../redaction/words.ts';
import type { Exchange, Face } from '../exchange.ts';
import { failureOf } from '../rpc-failure.ts';
import { runToolsCall } from '../tools-call.ts';
import { actionUri, hitUri } from './all.ts';
import { mimeType, type Resource } from './resource.ts';

/** Actions on one page, and hits of each that are listed; the others are read through the template. */
const actionsPerPage = 10;
const hitsPerAction = 5;

/** A resource as `resources/list` tells it. */
export interface ListedResource {
  [key: string]: unknown;
  uri: string;
  name: string;
  title: string;
  description: string;
  mimeType: string;
}

/** The caller's newest actions, each followed by its first hits. Whoever may not list actions has none. */
export async function listResources(
  face: Face,
  exchange: Exchange,
  cursor: string | undefined,
  signal: AbortSignal,
): Promise<{ resources: ListedResource[]; nextCursor?: string }> {
  const args = { mine: true, limit: actionsPerPage, ...(cursor !== undefined && { cursor }) };
  const { refusal, structured } = await runToolsCall(face, exchange, { name: 'list_actions', arguments: args, signal });
  if (refusal?.code === 'insufficient_scope' || refusal?.code === 'org_access_denied' || refusal?.code === 'unsupported_tool')
    return { resources: [] };
  if (refusal !== undefined) throw failureOf(refusal, exchange.requestId);
  const { actions, nextCursor } = structured as { actions: Row[]; nextCursor?: string };
  return { resources: actions.flatMap(listed), ...(nextCursor !== undefined && { nextCursor }) };
}

/** What is read of a row of `list_actions`. */
interface Row {
  actionId: string;
  kind: string;
  status: string;
  file: string;
  line: number;
  hitCount: number;
  maxHits: number;
}

function listed({ actionId, kind, status, file, line, hitCount, maxHits }: Row): ListedResource[] {
  const hits = Array.from({ length: Math.min(hitCount, hitsPerAction, limits.maxHits) }, (_, index) => index + 1);
  return [
    {
      uri: actionUri(actionId),
      name: actionId,
      title: `${kind} at ${quoted(file)} line ${line}`,
      description: `Status ${status}, ${hitCount} of ${maxHits} hits.`,
      mimeType,
    },
    ...hits.map((number) => describeHit(actionId, number)),
  ];
}

/** One hit, named by its number; nothing of what it captured. */
export function describeHit(actionId: string, number: number): ListedResource {
  return {
    uri: hitUri(actionId, number),
    name: `${actionId} hit ${number}`,
    title: `Hit ${number}`,
    description: 'Untrusted data captured from a running program.',
    mimeType,
  };
}

/** The resources of a bridge as `resources/templates/list` tells them. */
export function listTemplates(resources: readonly Resource[]) {
  return {
    resourceTemplates: resources.map(({ uriTemplate, name, title, description }) => ({
      uriTemplate,
      name,
      title,
      description,
      mimeType,
    })),
  };
}
