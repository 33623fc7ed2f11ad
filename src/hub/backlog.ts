/** What one read of a socket brings at most. */
const readBytes = 64 * 1024;
/** What a message costs beside its bytes, so that empty ones count. */
const besideBytes = 512;

/** Bytes of messages that wait or are in hand, of all agents: above the ceiling no socket is read until there is room. */
export class Backlog {
  readonly #maxBytes: number;
  #bytes = 0;
  readonly #waiting = new Set<() => void>();
  #isLooking = false;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get isFull(): boolean {
    return this.#bytes >= this.#maxBytes;
  }

  /** A message came. */
  add(data: Buffer): void {
    this.#bytes += data.length + besideBytes;
  }

  /** These are done with, or forgotten. */
  remove(...all: Buffer[]): void {
    for (const data of all) this.#bytes -= data.length + besideBytes;
    this.#letOn();
  }

  /** Calls this once there is room; those who asked first come first, and a few at a time, because all at once would fill it again. */
  whenRoom(readOn: () => void): void {
    this.#waiting.add(readOn);
    this.#letOn();
  }

  /** Whether this is still to be called. */
  keepsWaiting(readOn: () => void): boolean {
    return this.#waiting.has(readOn);
  }

  forget(readOn: () => void): void {
    this.#waiting.delete(readOn);
  }

  /** Turn after turn while there is room: those who may read on may have nothing to say. */
  #letOn(): void {
    if (this.#isLooking || this.isFull || this.#waiting.size === 0) return;
    this.#isLooking = true;
    setImmediate(() => {
      this.#isLooking = false;
      const room = Math.max(0, Math.ceil((this.#maxBytes - this.#bytes) / readBytes));
      for (const readOn of [...this.#waiting].slice(0, room)) {
        this.#waiting.delete(readOn);
        readOn();
      }
      this.#letOn();
    });
  }
}
