import { z } from 'zod';

/** What every answer has beside the tool's own part. Told in few words: each client loads it once for every tool. */
const every = {
  requestId: z.string().describe('Names this call in logs and audit.'),
  latencyMs: z.record(z.string(), z.number()).optional().describe('Milliseconds by part, and total.'),
  ignoredArguments: z.array(z.string()).optional().describe('Unknown, without effect.'),
  redacted: z.record(z.string(), z.number().int()).optional().describe('Values hidden, by rule.'),
  next: z.record(z.string(), z.unknown()).optional().describe('The call that helps most now: {tool, why, arguments}.'),
  error: z
    .record(z.string(), z.unknown())
    .optional()
    .describe('Set when the call was refused; then other fields are absent: {code, message, field, next, data}.'),
};

/**
 * The schema of `structuredContent`. The tool's own fields are optional in it: MCP clients check refusals against the
 * same schema, and a refusal has none of them.
 */
export function answerSchema(output: z.ZodObject): z.ZodObject {
  return z.object({ ...every, ...output.partial().shape });
}
