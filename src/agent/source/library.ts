import { readFileSync, statSync } from 'node:fs';
import type { Veto } from './denied.ts';
import type { FoundFile } from './find-file.ts';
import { Kept } from './kept.ts';
import { type ReadMap, readMap } from './read-map.ts';
import type { ScriptToRead, Stop } from './reader.ts';
import type { Change, Range } from './reader-messages.ts';
import { SourceText, sha256 } from './source-text.ts';
import { analyse, type SourceAnalysis } from './statements.ts';

/** Characters that are kept: of texts, of analysed texts (each takes some 8 bytes a character) and of maps. */
const maxTextChars = 16 * 1024 * 1024;
const maxAnalysedChars = 8 * 1024 * 1024;
const maxMapChars = 16 * 1024 * 1024;
/** Bytes of a file that is read. */
const maxFileBytes = 16 * 1024 * 1024;

/** Answers of the program's thread. */
export interface Program {
  text(scriptId: string): string | undefined;
  /** One list for each range. */
  stops(scriptId: string, ranges: Range[]): Stop[][];
}

/** The scripts of the program, and what has been read of them. V8 gives no id twice, so texts are kept by id. */
export class Library {
  readonly scripts = new Map<string, ScriptToRead>();
  /** The newest script loaded from each path, also when it is forgotten: its last frames are mapped later. */
  readonly #byPath = new Map<string, ScriptToRead>();
  readonly #program: Program;
  readonly #texts = new Kept<SourceText | undefined>(maxTextChars);
  readonly #analyses = new Kept<SourceAnalysis>(maxAnalysedChars);
  readonly #maps = new Kept<ReadMap | undefined>(maxMapChars);
  /** Where the sources of each map are, also when the map itself is not kept. */
  readonly #paths = new Map<string, string[]>();

  readonly #veto: Veto;

  constructor(program: Program, veto: Veto) {
    this.#program = program;
    this.#veto = veto;
  }

  /** Whether the operator keeps this file from being observed. */
  isDenied(file: FoundFile): boolean {
    return this.#veto(file, () => this.sourcesOf(file.script));
  }

  change(changes: readonly Change[]): void {
    for (const change of changes) {
      if (change === null) {
        this.scripts.clear();
      } else {
        // Its text may not have been there when its map was looked for.
        if (this.#paths.get(change.id)?.length === 0) this.#paths.delete(change.id);
        this.scripts.set(change.id, change);
        this.#byPath.set(change.path, change);
      }
    }
  }

  atPath(path: string): ScriptToRead | undefined {
    return this.#byPath.get(path);
  }

  /** The text as V8 has it, from the file where that is the same. Undefined when it has been collected. */
  textOf(script: ScriptToRead): SourceText | undefined {
    return this.#texts.get(script.id, () => {
      const text = this.#sameFile(script) ?? this.#program.text(script.id);
      return { value: text === undefined ? undefined : new SourceText(text), size: text?.length ?? 0 };
    });
  }

  #sameFile({ path, hash }: ScriptToRead): string | undefined {
    const text = hash === undefined ? undefined : readFile(path);
    return text !== undefined && sha256(text) === hash ? text : undefined;
  }

  analysisOf(script: ScriptToRead): SourceAnalysis {
    return this.#analyses.get(script.id, () => {
      const { text } = this.textOf(script) ?? { text: '' };
      return { value: analyse(text), size: text.length };
    });
  }

  mapOf(script: ScriptToRead): ReadMap | undefined {
    if (this.#paths.get(script.id)?.length === 0) return undefined;
    const read = this.#maps.get(script.id, () => {
      const value = readMap(script, () => this.textOf(script)?.text);
      return { value, size: value?.size ?? 0 };
    });
    this.#paths.set(script.id, read?.paths ?? []);
    return read;
  }

  isMapRead(script: ScriptToRead): boolean {
    return this.#paths.has(script.id);
  }

  /** Where the sources of a script's map are; none without a map. */
  sourcesOf(script: ScriptToRead): string[] {
    return this.#paths.get(script.id) ?? this.mapOf(script)?.paths ?? [];
  }

  /** A source as written: from the map, else the file. Undefined where neither has it. */
  written(script: ScriptToRead, source: number | undefined): SourceText | undefined {
    if (source === undefined) return this.textOf(script);
    return this.#texts.get(`${script.id} ${source}`, () => {
      const read = this.mapOf(script);
      const text = read?.map.content(source) ?? readFile(read?.paths[source] ?? '');
      return { value: text === undefined ? undefined : new SourceText(text), size: text?.length ?? 0 };
    });
  }

  /** Places where a probe can be, one list for each range. */
  stops(script: ScriptToRead, ranges: Range[]): Stop[][] {
    return ranges.length === 0 ? [] : this.#program.stops(script.id, ranges);
  }
}

function readFile(path: string): string | undefined {
  try {
    if (!path.startsWith('/') && !/^[a-z]:[\\/]/i.test(path)) return undefined;
    return statSync(path).size > maxFileBytes ? undefined : readFileSync(path, 'utf8').replace(/^\uFEFF/, '');
  } catch {
    return undefined;
  }
}
