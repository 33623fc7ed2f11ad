import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { KeptMap, mapGet, startsWith } from '../intrinsics.ts';
import type { DebuggerSession, ScriptParsed } from '../probes/session.ts';
import { maxMapChars, SourceMap } from './source-map.ts';

/** Scripts remembered; a program that compiles more than this is generating them. */
const maxScripts = 20_000;
/** Bytes of a source file that is read to show one of its lines. */
const maxSourceBytes = 4 * 1024 * 1024;
const dataMap = /^data:application\/json(?:;charset=[^;,]+)?(;base64)?,/i;
const mapComment = /\/[/*][#@]\s*sourceMappingURL=(\S+)/g;

/** A loaded script: little enough to keep for each of them. */
export interface Script {
  id: string;
  /** Where it was loaded from: a path for files, else the URL. */
  path: string;
  /** `sourceMapURL`, but 'inline' for maps that are part of the script. */
  mapUrl: string;
  /** Read when it is asked for the first time; null when there is none that can be read. */
  map?: { map: SourceMap; paths: string[] } | null;
}

/** The scripts of the program, while the debugger is on. */
export class Scripts {
  readonly all = new Map<string, Script>();
  /** The newest script loaded from each path. */
  readonly #byPath = new KeptMap<string, Script>();

  /** Remembers a script of the program; undefined for what is not one. */
  add(parsed: ScriptParsed, ownFolder: string | undefined): Script | undefined {
    const { url } = parsed;
    // Other contexts (`vm`) have their own globals, where the hook is not.
    if ((parsed.executionContextAuxData as { isDefault?: boolean } | undefined)?.isDefault !== true) return undefined;
    if (url.startsWith('node:') || url.startsWith('evalmachine.') || this.all.size >= maxScripts) return undefined;
    const path = pathOf(url);
    if (ownFolder !== undefined && path.startsWith(ownFolder)) return undefined;
    const mapUrl = parsed.sourceMapURL ?? '';
    const script: Script = {
      id: parsed.scriptId,
      path,
      mapUrl: mapUrl.startsWith('data:') ? 'inline' : mapUrl,
    };
    this.all.set(script.id, script);
    this.#byPath.set(path, script);
    return script;
  }

  atPath(path: string): Script | undefined {
    return mapGet(this.#byPath, path);
  }

  /** The script's source map. Reads files, so it is asked when arming and never at a hit. */
  mapOf(script: Script, session: DebuggerSession): { map: SourceMap; paths: string[] } | undefined {
    if (script.map === undefined) script.map = script.mapUrl === '' ? null : (loadMap(script, session) ?? null);
    return script.map ?? undefined;
  }
}

function loadMap(script: Script, session: DebuggerSession): { map: SourceMap; paths: string[] } | undefined {
  try {
    const url = script.mapUrl === 'inline' ? (lastMapUrl(session.source(script.id) ?? '') ?? '') : script.mapUrl;
    const data = dataMap.exec(url);
    const folder = dirname(script.path);
    if (data !== null) {
      const body = url.slice(data[0].length);
      const map = new SourceMap(data[1] === undefined ? decodeURIComponent(body) : Buffer.from(body, 'base64').toString('utf8'));
      return { map, paths: map.sources.map((source) => sourcePath(source, folder)) };
    }
    const file = url.startsWith('file:') ? fileURLToPath(url) : resolve(folder, decodeURIComponent(url));
    if (/^[a-z][a-z\d+.-]+:/i.test(url) && !url.startsWith('file:')) return undefined;
    if (statSync(file).size > maxMapChars) return undefined;
    const map = new SourceMap(readFileSync(file, 'utf8'));
    return { map, paths: map.sources.map((source) => sourcePath(source, dirname(file))) };
  } catch {
    // A map that is missing or broken is the program's affair: its script is shown as it is.
    return undefined;
  }
}

function lastMapUrl(source: string): string | undefined {
  return [...source.matchAll(mapComment)].at(-1)?.[1];
}

/** The path of a source of a map: absolute for files, and without scheme and query for bundlers' names (`webpack://app/./src/a.ts`). */
function sourcePath(source: string, folder: string): string {
  if (source.startsWith('file:')) return pathOf(source);
  const scheme = /^[a-z][a-z\d+.-]+:\/\/[^/]*\//i.exec(source);
  if (scheme !== null)
    return source
      .slice(scheme[0].length)
      .replace(/^(?:\.\/)+/, '')
      .replace(/\?.*$/, '');
  return resolve(folder, source);
}

/** A path for `file:` URLs, the URL itself for others. */
export function pathOf(url: string): string {
  if (!startsWith(url, 'file:')) return url;
  try {
    return fileURLToPath(url);
  } catch {
    return url;
  }
}

/** A source file's text, where it can be read and is not too large. */
export function readSource(path: string): string | undefined {
  try {
    return statSync(path).size > maxSourceBytes ? undefined : readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
