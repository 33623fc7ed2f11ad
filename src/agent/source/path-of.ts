import { fileURLToPath } from 'node:url';
import { startsWith } from '../language.ts';

/** A path for `file:` URLs, the URL itself for others. */
export function pathOf(url: string): string {
  if (!startsWith(url, 'file:')) return url;
  try {
    return fileURLToPath(url);
  } catch {
    return url;
  }
}
