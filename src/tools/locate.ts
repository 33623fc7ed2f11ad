import { z } from 'zod';
import type { Query } from '../hub/locates.ts';
import { Refusal } from '../lib/refusal.ts';
import { limits } from '../protocol/limits.ts';
import { scrubLocatedPlace, scrubWords } from '../redaction/words.ts';
import type { AgentRecord } from '../targets/agent.ts';
import { open, shortText, source } from './fields.ts';
import { file, targetsOf } from './placing.ts';
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

/** Agents asked: one of each deployed version. */
const maxAsked = 5;

/** Finds where something is in the source as it runs. */
export const locate: Tool<typeof input> = {
  name: 'locate',
  title: 'Locate code',
  description: `Find file and line of a function, a snippet or a stack-trace line in the source as it is deployed. Use it before placing anything when your checkout may differ.
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
    return { structured: { found } };
  },
};

async function ask({ id, org, name, version, commit }: AgentRecord, query: Query, { services }: CallContext) {
  const { redaction } = services.policies();
  const { places, isComplete, code, message } = await services.actions.hub.locate(org, id, query);
  return {
    ...{ agentId: id, agentName: name, version, commit, isComplete },
    places: places.map((place) => scrubLocatedPlace(place, redaction)),
    ...(code === undefined ? {} : { code }),
    ...(message === undefined ? {} : { message: scrubWords(message, redaction, limits.maxMessageChars) }),
  };
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
