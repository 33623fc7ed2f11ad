import { z } from 'zod';

/**
 * What every answer has beside the tool's own part. Told in few words, and without `requestId`, `latencyMs`, `ignoredArguments` and
 * `redacted`, which need no telling: each client loads it once for every tool.
 */
const every = { error: z.record(z.string(), z.unknown()).optional().describe('Of a refusal.') };

/**
 * The schema of `structuredContent`. The tool's own fields are optional in it: MCP clients check refusals against the
 * same schema, and a refusal has none of them.
 */
export function answerSchema(output: z.ZodObject): z.ZodObject {
  return z.object({ ...every, ...output.partial().shape });
}
