import { randomBytes } from 'node:crypto';
import { defineProperty } from '../intrinsics.ts';

/** What inserted code calls while it is set. */
type Called = (...args: never[]) => unknown;

/** A property of the global object that inserted code looks at: 0 while idle, else the function it calls. */
export interface Cell {
  readonly name: string;
  /** False when the program has frozen its global object meanwhile: the cell then stays as it is. */
  set(called: Called | undefined): boolean;
  /** For a later `defineCell()`, when no code looks at it any more. A property cannot be taken away again: V8 relies on it. */
  release(): void;
}

const world = globalThis;
const idle: Cell[] = [];

/** The variable in which an activation of a function carries something from one inserted call to the next. */
export const tokenName = randomName();

/** A name no program has. */
function randomName(): string {
  return `$s${randomBytes(6).toString('hex')}`;
}

/** Undefined where the global object takes no new properties. */
export function defineCell(): Cell | undefined {
  let known = idle.pop();
  // One that was frozen is left alone for ever.
  while (known !== undefined && !(known.set(() => undefined) && known.set(undefined))) known = idle.pop();
  if (known !== undefined) return known;
  const name = randomName();
  const isDefined = defineProperty(world, name, { value: 0, writable: true, enumerable: false, configurable: false });
  if (!isDefined) return undefined;
  const cell: Cell = {
    name,
    // Without a prototype, whose accessors would be asked.
    set: (called) => defineProperty(world, name, { __proto__: null, value: called ?? 0 } as PropertyDescriptor),
    release: () => {
      cell.set(undefined);
      idle.push(cell);
    },
  };
  return cell;
}
