/** Deeper than any record; what callers send may be nested until the stack ends. */
const maxDepth = 64;

/**
 * JSON with one spelling for one value: names in the order of their UTF-16 code units, no white space, as RFC 8785 (JCS) has it.
 * What is nested deeper than 64 levels is the text `…`, so that nothing a caller sends can end the stack.
 */
export function canonical(value: unknown, depth = 0): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (depth >= maxDepth) return '"…"';
  // Loops and one string each: a caller may send a megabyte of small objects, and every call waits for it.
  let text = '';
  if (Array.isArray(value)) {
    for (const item of value) text += `${text === '' ? '' : ','}${canonical(item, depth + 1)}`;
    return `[${text}]`;
  }
  const fields = value as Record<string, unknown>;
  for (const name of Object.keys(fields).sort()) {
    const item = fields[name];
    if (item !== undefined) text += `${text === '' ? '' : ','}${JSON.stringify(name)}:${canonical(item, depth + 1)}`;
  }
  return `{${text}}`;
}
