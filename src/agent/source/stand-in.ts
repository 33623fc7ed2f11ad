export interface Match {
  line: number;
  column: number;
  score: number;
  function?: string;
}
export function findFunction(_text: string, _name: string): Match[] {
  return [];
}
export function findSnippet(text: string, snippet: string): Match[] {
  const at = text.indexOf(snippet);
  return at < 0 ? [] : [{ line: text.slice(0, at).split('\n').length, column: 1, score: 1 }];
}
export function findMoved(
  _lines: string[],
  _expectLine: string,
  _around: { before: string[]; after: string[] },
  _near: number,
): { line: number } | undefined {
  return undefined;
}
