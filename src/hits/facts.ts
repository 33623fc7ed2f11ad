import type { Rendered, RenderedHit } from '../redaction/render.ts';

/** A caller that awaits is the same caller as one that has not awaited yet. */
const callerName = (name: string): string => name.replace(/^async /, '') || '(anonymous)';

const read = {
  '@agent': ({ agentName }: RenderedHit): Rendered | undefined => agentName,
  '@function': ({ at }: RenderedHit) => at.function,
  '@caller': ({ stack: [, caller] }: RenderedHit) =>
    caller === undefined ? undefined : `${callerName(caller.function)} (${caller.file})`,
  '@durationMs': ({ durationMicros }: RenderedHit) => (durationMicros === undefined ? undefined : durationMicros / 1_000),
};

/** Something known of a hit beside its values; no name of a program starts with `@`. */
export type Fact = keyof typeof read;

/** All of them, in the order they are told. */
export const facts = Object.keys(read) as Fact[];

/** Whether a path names a fact. */
export const isFact = (text: string): text is Fact => Object.hasOwn(read, text);

/** The fact about one hit; undefined where it has none. */
export const factOf = (fact: Fact, hit: RenderedHit): Rendered | undefined => read[fact](hit);
