import { z } from 'zod';
import { Refusal } from '../lib/refusal.ts';
import { cleanLabel } from '../redaction/clean.ts';
import type { Tool } from './tool.ts';

/**
 * Arguments as clients really send them: n8n adds keys of its own, strict-mode models send null for what they leave
 * out, and some write numbers, lists and objects as text. What is left is checked by the tool's schema.
 */
export function readInput(tool: Tool, raw: unknown): Record<string, unknown> {
  if (raw !== undefined && raw !== null && (typeof raw !== 'object' || Array.isArray(raw))) {
    throw new Refusal({
      code: 'invalid_input',
      message: 'The arguments must be an object.',
      field: 'arguments',
      next: `Call ${tool.name} again with named arguments.`,
    });
  }
  const parsed = tool.input.safeParse(tolerant(tool.input.shape, (raw ?? {}) as Record<string, unknown>));
  if (!parsed.success) throw refusalOf(tool, parsed.error.issues[0], parsed.error.issues.length);
  return parsed.data;
}

/** Keys that workflow tools add to every call; they mean nothing here. */
const clientKeys = new Set(['toolCallId', 'sessionId', 'action', 'chatInput']);
/** Names told back, and characters of each. */
const maxIgnored = 10;
const maxIgnoredChars = 40;

/** Names of arguments that have no effect because the tool does not know them: a slip such as `conditon` must not go unseen. */
export function ignoredArguments(tool: Tool, raw: unknown): string[] {
  return unknownKeys(tool.input.shape, raw, '')
    .filter((name) => !clientKeys.has(name))
    .slice(0, maxIgnored)
    .map((name) => cleanLabel(name, maxIgnoredChars));
}

function unknownKeys(shape: z.ZodRawShape, raw: unknown, prefix: string): string[] {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return [];
  return Object.entries(raw).flatMap(([name, value]) => {
    if (value === null || value === undefined) return [];
    if (!Object.hasOwn(shape, name)) return [`${prefix}${name}`];
    const inner = innermost(shape[name] as z.ZodType);
    return inner instanceof z.ZodObject ? unknownKeys(inner.shape, value, `${prefix}${name}.`) : [];
  });
}

function tolerant(shape: z.ZodRawShape, raw: Record<string, unknown>): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  for (const [name, schema] of Object.entries(shape)) {
    const value = Object.hasOwn(raw, name) ? raw[name] : undefined;
    if (value !== undefined && value !== null) kept[name] = unquote(innermost(schema as z.ZodType), value);
  }
  return kept;
}

function unquote(schema: z.ZodType, value: unknown): unknown {
  if (schema instanceof z.ZodObject) {
    const object = typeof value === 'string' ? (parsed(value) ?? value) : value;
    return object !== null && typeof object === 'object' && !Array.isArray(object)
      ? tolerant(schema.shape, object as Record<string, unknown>)
      : object;
  }
  if (typeof value !== 'string') return value;
  if (schema instanceof z.ZodNumber) return value.trim() !== '' && Number.isFinite(Number(value)) ? Number(value) : value;
  if (schema instanceof z.ZodBoolean) return value === 'true' ? true : value === 'false' ? false : value;
  if (schema instanceof z.ZodArray) return parsed(value) ?? [value];
  return value;
}

function parsed(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function innermost(schema: z.ZodType): z.ZodType {
  let inner = schema;
  while (inner instanceof z.ZodOptional || inner instanceof z.ZodDefault) inner = inner.unwrap() as z.ZodType;
  return inner;
}

function refusalOf(tool: Tool, issue: z.core.$ZodIssue | undefined, count: number): Refusal {
  const field =
    issue === undefined
      ? ''
      : issue.path
          .map((part, index) => (typeof part === 'number' ? `[${part}]` : index === 0 ? String(part) : `.${String(part)}`))
          .join('');
  const beyond = (issue?.code === 'too_big' || issue?.code === 'too_small') && issue.origin !== 'string';
  const more = count > 1 ? ` (and ${count - 1} more)` : '';
  return new Refusal({
    code: beyond ? 'limit_exceeded' : 'invalid_input',
    message:
      limitSentence(field, issue) ??
      `${field === '' ? 'The arguments are' : `${field} is`} not valid: ${issue?.message ?? 'unknown'}${more}.`,
    field: field === '' ? 'arguments' : field,
    next: `Correct it and call ${tool.name} again; its input schema says what is allowed.`,
  });
}

/** The ceiling in words, where the schema's own sentence would speak of its types. */
function limitSentence(field: string, issue: z.core.$ZodIssue | undefined): string | undefined {
  if (issue?.code === 'too_big' && issue.origin !== 'string')
    return `${field} may be at most ${issue.maximum}${itemsOf(issue.origin)}.`;
  if (issue?.code === 'too_small' && issue.origin !== 'string')
    return `${field} must be at least ${issue.minimum}${itemsOf(issue.origin)}.`;
  return undefined;
}

const itemsOf = (origin: string) => (origin === 'array' ? ' items' : '');
