/** What a JSON text may have at most: lists and objects within each other, and values in all. */
export interface JsonBounds {
  nesting: number;
  values: number;
}

/**
 * Which bound a JSON text is beyond, before it is parsed: what walks through values by itself ends at some ten thousand levels, and each value
 * takes 64 bytes. Of what is no JSON it says anything.
 */
export function beyondBounds(text: string, { nesting, values }: JsonBounds): keyof JsonBounds | undefined {
  let depth = 0;
  let count = 0;
  let isInString = false;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (isInString) {
      if (char === '\\') at += 1;
      else if (char === '"') isInString = false;
    } else if (char === '"') isInString = true;
    else if (char === ',') count += 1;
    else if (char === '[' || char === '{') {
      depth += 1;
      count += 1;
    } else if (char === ']' || char === '}') depth -= 1;
    if (depth > nesting) return 'nesting';
    if (count > values) return 'values';
  }
  return undefined;
}
