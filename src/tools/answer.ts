import { z } from 'zod';

/** What every answer has beside the tool's own part. */
const every = {
  requestId: z.string().describe('Names this call in logs and in the audit trail.'),
  latencyMs: z
    .record(z.string(), z.number())
    .optional()
    .describe('Where the time went, in milliseconds, by part; total included.'),
  redacted: z.record(z.string(), z.number().int()).optional().describe('Values hidden in this answer, by rule.'),
  next: z
    .object({
      tool: z.string().describe('Tool.'),
      why: z.string().describe('Why.'),
      arguments: z.record(z.string(), z.unknown()).optional().describe('Arguments.'),
    })
    .optional()
    .describe('The call that helps most now.'),
  error: z
    .object({
      code: z.string().describe('Stable code, see docs/errors.md.'),
      message: z.string().describe('What is wrong.'),
      field: z.string().optional().describe('Argument at fault.'),
      next: z.string().optional().describe('What to do.'),
      data: z.record(z.string(), z.unknown()).optional().describe('Facts for machines.'),
    })
    .optional()
    .describe('Set when the call was refused; then the tool’s own fields are absent.'),
};

/**
 * The schema of `structuredContent`. The tool's own fields are optional in it: MCP clients check refusals against the
 * same schema, and a refusal has none of them.
 */
export function answerSchema(output: z.ZodObject): z.ZodObject {
  return z.object({ ...every, ...output.partial().shape });
}
