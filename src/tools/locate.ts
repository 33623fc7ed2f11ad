import { z } from 'zod';
import type { Query } from '../hub/locates.ts';
import { Refusal } from '../lib/refusal.ts';
import type { LocatedPlace } from '../protocol/frames.ts';
import { limits } from '../protocol/limits.ts';
import type { Outcome } from '../redaction/redact.ts';
import { scrubLocatedPlace, scrubWords } from '../redaction/words.ts';
import type { AgentRecord } from '../targets/agent.ts';
import type { SourceSelector } from '../targets/source.ts';
import { open, shortText, source } from './fields.ts';
import { file, maxFileChars } from './placing.ts';
import { targetsOf } from './targets-of.ts';
import type { CallContext, Tool } from './tool.ts';

const text = shortText(limits.maxQueryChars).optional();

const input = z.object({
  source: source.optional(),
  function: text.describe('Function or method, as "Cart.total".'),
  snippet: text.describe('Some source text.'),
  stackLine: text.describe('A line of a stack trace.'),
  file: file.optional().describe('Only in this file.'),
  limit: z.number().int().min(1).max(limits.maxPlaces).default(5).describe('Places.'),
});

type Found = Awaited<ReturnType<typeof ask>>;

/** Agents asked: one of each deployed version. */
const maxAsked = 5;

/** Finds where something is in the source as it runs. */
export const locate: Tool<typeof input> = {
  name: 'locate',
  title: 'Locate code',
  description: `Find file and line of a function, a snippet or a stack-trace line in the deployed source, before placing anything: your checkout may differ.
Example: {"source":{"service":"checkout"},"function":"priceOf"}`,
  input,
  output: z.object({
    found: z
      .array(
        open('{agentId, agentName, version, commit, isComplete, places: [{file, line, function, text, before, after, score}]}.'),
      )
      .describe('One agent of each version; best place first.'),
  }),
  // It changes nothing, but it makes the program's agent work and shows source text: policies/tools.yaml asks for more than reading.
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: true },
  async run(charge, { source: asked, ...query }, context) {
    const given = [query.function, query.snippet, query.stackLine].filter((one) => one !== undefined);
    if (given.length !== 1) {
      throw new Refusal({
        code: 'invalid_input',
        message: `Give one of function, snippet and stackLine; ${given.length} are given.`,
        field: 'function',
        next: 'Call locate again with one of them.',
      });
    }
    const targets = oneOfEach(await targetsOf(charge, asked, context));
    context.note({ target: { service: targets[0]?.service, pool: targets[0]?.pool, agents: targets.map(({ id }) => id) } });
    const answers = await context.latency.measure('read', () =>
      Promise.allSettled(targets.map((agent) => ask(agent, query, context))),
    );
    const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
    if (found.length === 0) throw answers.find((answer) => answer.status === 'rejected')?.reason;
    return { structured: { found: found.map(({ toPlace: _, ...told }) => told) }, next: nextAfter(found, query, asked) };
  },
};

async function ask(agent: AgentRecord, query: Query, { services }: CallContext) {
  const { id, org, name, version, commit } = agent;
  const redaction = services.policies().redaction.for(agent);
  const { places, isComplete, code, message } = await services.actions.hub.locate(org, id, query);
  const shown = places.map((place) => scrubLocatedPlace(place, redaction));
  return {
    ...{ agentId: id, agentName: name, version, commit, isComplete, places: shown },
    toPlace: shown.map((place, index) => ({ score: place.score, arguments: placingAt(agent, place, places[index]?.text) })),
    ...(code === undefined ? {} : { code }),
    ...(message === undefined ? {} : { message: scrubWords(message, redaction, limits.maxMessageChars) }),
  };
}

/** Arguments of a tool that places an action there. The text of the line is left out where it is not whole, or something in it is hidden. */
function placingAt({ service, version }: AgentRecord, place: LocatedPlace, text: string | undefined) {
  const isWhole = text !== undefined && text === place.text && text.length < limits.maxLineChars;
  return {
    source: { service, ...(version === undefined ? {} : { version }) },
    file: endOfPath(place.file),
    line: place.line,
    ...(isWhole && text !== '' ? { expectLine: text } : {}),
  };
}

/** As much of a path as an argument may have, from a folder on. */
function endOfPath(path: string): string {
  const end = path.slice(-maxFileChars);
  return end === path ? path : end.slice(end.indexOf('/') + 1);
}

/** The best place of all, or where else to look. */
function nextAfter(found: Found[], query: Omit<Query, 'limit'>, asked: SourceSelector | undefined): NonNullable<Outcome['next']> {
  const [best] = found.flatMap(({ toPlace }) => toPlace).sort((one, other) => other.score - one.score);
  if (best !== undefined) {
    const why = 'This is the place that fits best; condition and expressions say which passes and what of them.';
    return { tool: 'take_snapshot', why, arguments: { ...best.arguments, source: { ...asked, ...best.arguments.source } } };
  }
  if (query.file !== undefined) {
    const { file: _, ...wider } = query;
    return { tool: 'locate', why: 'Nothing fits in that file: look in all of them.', arguments: { ...given(asked), ...wider } };
  }
  if (found.some(({ isComplete }) => !isComplete)) {
    const why = 'There was no time to look everywhere: look again, with the end of the path of the file as file.';
    return { tool: 'locate', why, arguments: { ...given(asked), ...query } };
  }
  const why = `Nothing loaded there fits. Is it the right service and version, and is the code loaded? Else ${otherWays(query)}.`;
  return { tool: 'list_sources', why, arguments: {} };
}

const given = (source: SourceSelector | undefined) => (source === undefined ? {} : { source });

function otherWays({ function: name, snippet }: Omit<Query, 'limit'>): string {
  if (name !== undefined) return 'locate the last part of the name, or some source of the function as a snippet';
  return snippet !== undefined
    ? 'locate a shorter snippet, or the name of the function around it'
    : 'locate the function that the line names';
}

/** Agents of one version answer the same; those that can be asked come first. */
function oneOfEach(targets: AgentRecord[]): AgentRecord[] {
  const able = [...targets].sort((a, b) => Number(b.capabilities.locate === true) - Number(a.capabilities.locate === true));
  const byVersion = new Map<string, AgentRecord>();
  for (const agent of able) {
    const key = JSON.stringify([agent.service, agent.version, agent.commit]);
    if (!byVersion.has(key)) byVersion.set(key, agent);
  }
  return [...byVersion.values()].slice(0, maxAsked);
}
