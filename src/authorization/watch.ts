import { type FSWatcher, watch } from 'node:fs';
import type { Clock } from '../lib/clock.ts';

/** Editors and `cp` change files in several steps. */
const settleMs = 200;
/** Watching tells nothing on some file systems, nor when a link above the directory changes; reading nine small files costs nothing. */
const pollMs = 2_000;

/** Calls `look` soon after something in the directory changes, and now and then in any case. Returns what ends it. */
export function watchDirectory(directory: string, look: () => Promise<void>, clock: Clock): () => void {
  let stopped = false;
  let callOffSettling = () => {};
  let callOffPoll = () => {};
  const changed = () => {
    callOffSettling();
    if (!stopped) callOffSettling = clock.after(settleMs, () => void look());
  };
  const watcher = openWatcher(directory, changed);
  const poll = () => {
    callOffPoll = clock.after(pollMs, () => {
      void look().finally(() => {
        if (!stopped) poll();
      });
    });
  };
  poll();
  return () => {
    stopped = true;
    callOffSettling();
    callOffPoll();
    watcher?.close();
  };
}

/** Undefined where nothing can be watched: then the poll alone sees changes. */
function openWatcher(directory: string, changed: () => void): FSWatcher | undefined {
  try {
    const watcher = watch(directory, { persistent: false }, changed);
    watcher.on('error', () => watcher.close());
    return watcher;
  } catch {
    return undefined;
  }
}
