import type { Engine } from '../../protocol/frames.ts';
import type { GeneratedPlace, Spot } from '../source/spot.ts';
import type { NamesAtPass } from '../values/condition.ts';
import type { Allowance } from './budget.ts';
import type { Watch } from './watch.ts';

/**
 * What an action does at a place. At a `span` code is inserted around a whole function: its entry is the start, its end the end. At an
 * `enter` activations are told apart that carry no token; `begin` is that and a start in one.
 */
export type Role = 'pass' | 'start' | 'end' | 'span' | 'enter' | 'begin';

/** Whether passes there are the ones that the action is about. */
export function isCounted(role: Role): boolean {
  return role !== 'end' && role !== 'enter';
}

export interface Attachment {
  watch: Watch;
  role: Role;
  /** About what a quick pass takes. */
  quickMs: number;
}

/** A place with a probe; several actions can share it. */
export interface Site {
  index: number;
  /** Names the place: engine, script and where in it. */
  key: string;
  spot: Spot;
  /** Where a breakpoint goes: the place itself, or the entry or a return of the function around it. */
  at: GeneratedPlace;
  /** Whether inserted code stands before a statement, or around the function. */
  isSpan: boolean;
  engine: PlacingEngine;
  attachments: Attachment[];
  /** Counts passes: which action is looked at first. */
  turn: number;
  /** Taken away for a while, or while nobody wants it. */
  isAway: boolean;
  allowance: Allowance;
}

/**
 * What an activation of a function carries from the start of spans to their end: instants by `monotonicMs`, by `Watch.slot`. Without a
 * prototype: a program may have put setters on it.
 */
export type Token = { [slot: number]: number | undefined };

/** One pass through a site. */
export interface Pass {
  site: Site;
  /** What conditions and measured expressions need. */
  names: NamesAtPass;
  /** Everything that is shown of a hit; reading it may cost time. */
  all(): NamesAtPass;
  token: Token | undefined;
  /** Set at the two ends of a function with code around it. */
  end: 'start' | 'end' | undefined;
  /** When our code took over, by `monotonicMs`. */
  startMs: number;
  /** Time the runtime took before that, estimated. */
  runtimeMs: number;
  /** When the latest action was done, by `monotonicMs`; 0 when nobody has asked. */
  endMs: number;
  /** Whether that action did nothing that could take long, so that the clock need not be asked. */
  isQuick: boolean;
}

/** The function of ours that the program calls, and how many frames of the runtime stand below it. */
export interface Frame {
  function: (...args: never[]) => unknown;
  below: number;
}

/** One way to observe a place. None of its methods throws. */
export interface PlacingEngine {
  readonly name: Engine;
  /** What places have in common that are one place for this engine. */
  keyOf(spot: Spot, at: GeneratedPlace, isSpan: boolean): string;
  /** Makes the place call us. Gives why it cannot be done; never in the middle of a pass. */
  install(site: Site): { problem: string; isTemporary: boolean } | undefined;
  /** The actions at an installed place have changed. */
  update(site: Site): void;
  /** Takes it away at once, also in the middle of a pass. */
  mute(site: Site): void;
  unmute(site: Site): void;
  /** Leaves no trace, as soon as that is harmless; never in the middle of a pass. */
  remove(site: Site): void;
  frameOf(site: Site): Frame;
}
