import { randomBase62 } from '../../lib/id.ts';
import type { RefusalDetails } from '../../lib/refusal.ts';
import { fence } from '../../redaction/fence.ts';
import { quoted } from '../../redaction/words.ts';
import { failureOf } from '../rpc-failure.ts';
import type { Prompt, PromptArgument } from './prompt.ts';

/** The prompts as `prompts/list` tells them. */
export function listPrompts(prompts: readonly Prompt[]) {
  return {
    prompts: prompts.map(({ name, title, description, arguments: args }) => ({
      name,
      title,
      description,
      arguments: args.map(({ name, description, required }) => ({ name, description, required })),
    })),
  };
}

/** A prompt with what the user gave; that stands fenced behind the steps, because it may be pasted from a program. */
export function getPrompt(
  prompts: readonly Prompt[],
  name: string,
  given: Readonly<Record<string, string>>,
  requestId: string,
): { description: string; messages: { role: 'user'; content: { type: 'text'; text: string } }[] } {
  const prompt = prompts.find((each) => each.name === name);
  if (prompt === undefined) throw failureOf(unknownPrompt(prompts, name), requestId);
  const fault = firstFault(prompt, given);
  if (fault !== undefined) throw failureOf(fault, requestId);
  const steps = prompt.steps(`${prompt.name}-${randomBase62(6)}`).map((step, index) => `${index + 1}. ${step}`);
  const text = [
    `${prompt.description} Use the tools of Sidelight; nothing is stopped or changed by them. The calls below are patterns: put in the names, lines and expressions of the program at hand, and leave source out when one service is connected.`,
    ...steps,
    fence(JSON.stringify(given), 'What is known'),
  ].join('\n');
  return { description: prompt.description, messages: [{ role: 'user', content: { type: 'text', text } }] };
}

function unknownPrompt(prompts: readonly Prompt[], name: string): RefusalDetails {
  const known = prompts.map((prompt) => prompt.name).join(', ');
  return { code: 'invalid_input', message: `There is no prompt ${quoted(name)}.`, field: 'name', next: `There are ${known}.` };
}

function firstFault(prompt: Prompt, given: Readonly<Record<string, string>>): RefusalDetails | undefined {
  const known = new Set(prompt.arguments.map(({ name }) => name));
  const unknown = Object.keys(given).find((name) => !known.has(name));
  const next = `${prompt.name} takes ${prompt.arguments.map(({ name, required }) => (required ? `${name} (required)` : name)).join(', ')}.`;
  if (unknown !== undefined) {
    return { code: 'invalid_input', message: `${prompt.name} has no argument ${quoted(unknown)}.`, field: 'arguments', next };
  }
  for (const argument of prompt.arguments) {
    const problem = problemOf(argument, Object.hasOwn(given, argument.name) ? given[argument.name] : undefined);
    if (problem !== undefined) {
      return { code: 'invalid_input', message: `${argument.name} ${problem}.`, field: `arguments.${argument.name}`, next };
    }
  }
  return undefined;
}

function problemOf({ required, maxChars, refuse }: PromptArgument, text: string | undefined): string | undefined {
  // Clients send fields a user left empty.
  if (text === undefined || text.trim() === '') return required ? 'is required' : undefined;
  if (text.length > maxChars) return `has ${text.length} characters; ${maxChars} are taken`;
  const must = refuse?.(text);
  return must === undefined ? undefined : `must be ${must}`;
}
