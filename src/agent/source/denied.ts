import { createMatcher } from '../load-time/patterns.ts';
import type { FoundFile } from './find-file.ts';

/** Files that may never be observed, as globs from a directory: the operator's word, whatever a bridge asks. */
export interface Denied {
  patterns: readonly string[];
  directory: string;
}

/** Whether a place in this file must neither be observed nor shown; `sources` are those of its script's map. */
export type Veto = (file: FoundFile, sources: () => readonly string[]) => boolean;

/** A script is denied with its path, and as itself also where it was made from a file that is: its text is that file's too. */
export function createVeto({ patterns, directory }: Denied): Veto {
  if (patterns.length === 0) return () => false;
  const isDenied = createMatcher(patterns, directory);
  return ({ path, script, source }, sources) =>
    isDenied(path) || isDenied(script.path) || (source === undefined && sources().some(isDenied));
}
