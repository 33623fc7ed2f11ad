import type { Value } from '../protocol/value.ts';

/** The JSON in a text as a protocol value, so that one walk serves both; undefined when the text is no JSON container or string. */
export function parseJsonText(text: string): Value | undefined {
  if (!couldBeJson(text)) return undefined;
  const trimmed = text.trim();
  const first = trimmed[0];
  const last = trimmed.at(-1);
  const framed =
    trimmed.length > 1 && ((first === '{' && last === '}') || (first === '[' && last === ']') || (first === '"' && last === '"'));
  if (!framed) return undefined;
  try {
    return toValue(JSON.parse(trimmed));
  } catch {
    return undefined;
  }
}

/** Whether its first character that is no blank opens JSON of more than a number or a word. */
export function couldBeJson(text: string): boolean {
  const code = text.charCodeAt(0);
  // Letters and digits are most of what texts begin with.
  if (code > 47 && code < 91) return false;
  if (code > 96 && code < 123) return false;
  return /^\s*[{["]/.test(text);
}

function toValue(json: unknown): Value {
  if (Array.isArray(json)) return { $: 'array', length: json.length, elements: json.map(toValue) };
  if (typeof json === 'object' && json !== null) {
    return { $: 'object', fields: Object.entries(json).map(([name, value]) => [name, toValue(value)]) };
  }
  return json as Value;
}

/** The value as JSON text again; hidden values are their markers. */
export function toJsonText(value: Value): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  switch (value.$) {
    case 'array':
      return `[${value.elements.map(toJsonText).join(',')}]`;
    case 'object':
      return `{${value.fields.map(([name, field]) => `${JSON.stringify(name)}:${toJsonText(field)}`).join(',')}}`;
    case 'redacted':
      return JSON.stringify(value.marker ?? `[REDACTED:${value.rule}]`);
    default:
      throw new Error('JSON has no such value.');
  }
}
