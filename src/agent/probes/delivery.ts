import type { HitFrame, Place, StackFrame } from '../../protocol/frames.ts';
import { attempt } from '../later.ts';
import type { RawFrame } from '../values/stack.ts';

type Hit = Omit<HitFrame, 't' | 'n'>;
/** A hit whose stack is not mapped yet. */
type UnmappedHit = Omit<Hit, 'capture'> & { capture: Omit<Hit['capture'], 'stack'> };

/** Hands hits on in their order; their stacks are mapped in the reader's thread, so files are never read at a hit. */
export class Delivery {
  readonly #to: { hit(hit: Hit): void };
  readonly #map: (frames: readonly RawFrame[]) => Promise<StackFrame[]>;
  #last: Promise<void> | undefined;
  #waiting = 0;

  constructor(to: { hit(hit: Hit): void }, map: (frames: readonly RawFrame[]) => Promise<StackFrame[]>) {
    this.#to = to;
    this.#map = map;
  }

  /**
   * Sends a hit when its stack is mapped and the hits before it have gone. One that was taken where a function ended is at that line, not
   * at the one that the action is bound to.
   */
  send(hit: UnmappedHit, raw: readonly RawFrame[], isAtEnd = false): void {
    const mapped = raw.length === 0 ? undefined : this.#map(raw);
    this.#queue(async () => {
      const stack = mapped === undefined ? [] : await mapped;
      const { at: bound, ...rest } = hit.capture;
      const first = stack[0];
      const at = isAtEnd && first !== undefined && first.line > 0 && first.file === bound.file ? placeOf(first, bound) : bound;
      // The hit's own frame is where the action is bound, also where V8 stops behind the statement.
      if (first !== undefined)
        stack[0] = { ...first, file: at.file, line: at.line, ...(at.column === undefined ? {} : { column: at.column }) };
      this.#to.hit({ ...hit, capture: { at, stack: stack as StackFrame[], ...rest } });
    });
  }

  /** Does something after all hits so far have been sent; at once when none waits. */
  after(run: () => void): void {
    if (this.#waiting === 0) attempt(run);
    else this.#queue(async () => run());
  }

  #queue(step: () => Promise<void>): void {
    const before = this.#last;
    this.#waiting += 1;
    this.#last = (async () => {
      try {
        await before;
        await step();
      } catch {
        // A step that throws is the link's defect, and done.
      }
      this.#waiting -= 1;
    })();
  }
}

/** The place of a frame of the same function. */
function placeOf({ line, column }: StackFrame, { text: _, column: __, ...bound }: Place): Place {
  return { ...bound, line, ...(column === undefined ? {} : { column }) };
}
