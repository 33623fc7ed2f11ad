import type { HitFrame } from '../../protocol/frames.ts';
import { stringIncludes } from '../intrinsics.ts';
import { soon } from '../later.ts';
import { pathOf, type Script, type Scripts } from '../source/scripts.ts';
import { mapStack, type RawFrame } from '../values/stack.ts';
import type { Sites } from './sites.ts';

type Hit = Omit<HitFrame, 't' | 'n'>;
/** A hit whose stack is not mapped yet. */
type UnmappedHit = Omit<Hit, 'capture'> & { capture: Omit<Hit['capture'], 'stack'> };

/** Source maps read for the stack of one hit; frames beyond that stay as V8 has them. */
const maxMapsPerHit = 20;

/** One step of the queue: true when it is done, false when it has to come back in the next turn of the event loop. */
type Step = () => boolean;

/**
 * Hands hits on in their order. Frames of files whose source maps have not been read yet make a hit wait for the next turns of the
 * event loop, one map a turn: files are never read at a hit.
 */
export class Delivery {
  readonly #to: { hit(hit: Hit): void };
  readonly #waiting: Step[] = [];

  constructor(to: { hit(hit: Hit): void }) {
    this.#to = to;
  }

  /** Sends a hit, at once when its stack can be mapped at once. */
  send(hit: UnmappedHit, raw: RawFrame[], { session, scripts }: Sites): void {
    const finish = (): true => {
      const { at, ...rest } = hit.capture;
      const stack = mapStack(raw, scripts);
      // The hit's own frame is where the action is bound, also where V8 stops behind the statement (see `stopsOf`).
      if (stack[0] !== undefined)
        stack[0] = { ...stack[0], file: at.file, line: at.line, ...(at.column ? { column: at.column } : {}) };
      this.#to.hit({ ...hit, capture: { at, stack, ...rest } });
      return true;
    };
    let mapsLeft = maxMapsPerHit;
    const isMappedNow = session === undefined || nextUnread(raw, scripts) === undefined;
    this.#run(isMappedNow, () => {
      const unread = mapsLeft > 0 ? nextUnread(raw, scripts) : undefined;
      if (session === undefined || unread === undefined) return finish();
      mapsLeft -= 1;
      scripts.mapOf(unread, session);
      return false;
    });
  }

  /** Does something after all hits so far have been sent. */
  after(run: () => void): void {
    this.#run(true, () => {
      run();
      return true;
    });
  }

  #run(isReady: boolean, step: Step): void {
    if (isReady && this.#waiting.length === 0) {
      attempt(step);
      return;
    }
    this.#waiting[this.#waiting.length] = step;
    if (this.#waiting.length === 1) soon(() => this.#turn());
  }

  #turn(): void {
    const first = this.#waiting[0];
    if (first !== undefined && attempt(first)) this.#waiting.shift();
    if (this.#waiting.length > 0) soon(() => this.#turn());
  }
}

/** A step that throws is the link's defect, and done. */
function attempt(step: Step): boolean {
  try {
    return step();
  } catch {
    return true;
  }
}

function nextUnread(raw: RawFrame[], scripts: Scripts): Script | undefined {
  for (let index = 0; index < raw.length; index += 1) {
    const script = scripts.atPath(pathOf((raw[index] as RawFrame).url));
    if (script === undefined || script.map !== undefined || script.mapUrl === '') continue;
    if (!stringIncludes(script.path, 'node_modules')) return script;
  }
  return undefined;
}
