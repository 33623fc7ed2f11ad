import type { Random } from './random.ts';

/** What goes wrong on the way to the bridge: probabilities for each frame, 0–1. */
export interface Faults {
  /** From this frame on nothing gets through, either way, though the socket stays open: a path that died silently. */
  drop?: number;
  /** The frame, and all behind it, wait up to `maxDelayMs`. */
  delay?: number;
  maxDelayMs?: number;
  /** The frame is sent twice. */
  duplicate?: number;
  /** The frame changes places with the next one; only a broken agent does that on one connection. */
  reorder?: number;
  /** The connection is cut behind this frame. */
  reconnect?: number;
}

/** One connection's way out, with its faults. */
export interface Line {
  send(text: string): void;
  /** True once the path died: what comes in is lost too. */
  readonly dead: boolean;
  close(): void;
}

/** Sends through `send`; `cut` ends the connection. */
export function createLine(faults: Faults, random: Random, send: (text: string) => void, cut: () => void): Line {
  let dead = false;
  let closed = false;
  let held: string | undefined;
  let waiting: string[] = [];
  let timer: NodeJS.Timeout | undefined;

  function pass(text: string): void {
    if (timer !== undefined) {
      waiting.push(text);
      return;
    }
    if (random.chance(faults.delay ?? 0)) {
      waiting.push(text);
      timer = setTimeout(release, random.integer(1, faults.maxDelayMs ?? 50));
      return;
    }
    send(text);
  }

  function release(): void {
    timer = undefined;
    const late = waiting;
    waiting = [];
    for (const text of late) send(text);
  }

  return {
    get dead() {
      return dead;
    },
    send(text) {
      if (closed || dead) return;
      if (random.chance(faults.drop ?? 0)) {
        dead = true;
        return;
      }
      if (held === undefined && random.chance(faults.reorder ?? 0)) {
        held = text;
        return;
      }
      pass(text);
      if (held !== undefined) pass(held);
      held = undefined;
      if (random.chance(faults.duplicate ?? 0)) pass(text);
      if (random.chance(faults.reconnect ?? 0)) cut();
    },
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}
