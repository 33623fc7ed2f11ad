import type { StackFrame } from '../../protocol/frames.ts';
import { limits } from '../../protocol/limits.ts';
import { slice } from '../language.ts';
import type { RawFrame } from '../values/stack.ts';
import type { Library } from './library.ts';
import { pathOf } from './path-of.ts';
import { isLibrary } from './paths.ts';

/** Frames in the terms of the sources as written; those of libraries and of scripts without a map stay as they are. Yields between maps. */
export function* mapFrames(frames: readonly RawFrame[], library: Library): Generator<undefined, StackFrame[]> {
  const mapped: StackFrame[] = [];
  for (const frame of frames) {
    const script = library.atPath(pathOf(frame.url));
    const isMapped = script !== undefined && script.mapUrl !== '' && !isLibrary(script.path);
    if (isMapped && !library.isMapRead(script)) yield;
    const read = isMapped ? library.mapOf(script) : undefined;
    const original = read?.map.original(frame.line - 1, frame.column - 1);
    const own = rawFrame(frame);
    mapped.push(
      original === undefined
        ? own
        : {
            ...own,
            file: (read?.paths[original.source] ?? own.file).slice(-limits.maxFileChars),
            line: original.line + 1,
            column: original.column + 1,
          },
    );
  }
  return mapped;
}

/** A frame as V8 has it. Runs on both threads. */
export function rawFrame({ function: name, url, line, column }: RawFrame): StackFrame {
  return { function: slice(name, 0, limits.maxNameChars), file: slice(pathOf(url), -limits.maxFileChars), line, column };
}
