const maxNameChars = 80;

/**
 * What a client calls itself, as it can be shown: one line in the usual form of its characters (NFKC), without control, format and
 * direction characters, at most 80 characters. Undefined when nothing is left.
 */
export function cleanClientName(name: unknown): string | undefined {
  if (typeof name !== 'string') return undefined;
  const line = name
    .slice(0, 4 * maxNameChars)
    .normalize('NFKC')
    .replace(/[\p{Zl}\p{Zp}\s]+/gu, ' ')
    .replace(/[\p{C}\u115f\u1160\u3164\uffa0]/gu, '')
    .replace(/ +/g, ' ')
    .trim();
  const clean = [...line].slice(0, maxNameChars).join('').trim();
  return clean === '' ? undefined : clean;
}
