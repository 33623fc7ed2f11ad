import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pathOf } from './path-of.ts';
import { maxMapChars, SourceMap } from './source-map.ts';
import type { ScriptInfo } from './spot.ts';

/** A source map, and where its sources are: one path for each. `size` is that of its text. */
export interface ReadMap {
  map: SourceMap;
  paths: string[];
  size: number;
}

const dataMap = /^data:application\/json(?:;charset=[^;,]+)?(;base64)?,/i;
const mapComment = /^\/[/*][#@]\s*sourceMappingURL=(\S+)/;

/**
 * Reads the map of a script; undefined when it is missing, broken, too large or behind a network: that is the program's affair, and its
 * script is shown as it is. `text` is asked for a map inside the script.
 */
export function readMap(script: ScriptInfo, text: () => string | undefined): ReadMap | undefined {
  if (script.mapUrl === '') return undefined;
  try {
    const url = script.mapUrl === 'inline' ? lastMapUrl(text() ?? '') : script.mapUrl;
    const data = dataMap.exec(url);
    const folder = dirname(script.path);
    if (data !== null) {
      const body = url.slice(data[0].length);
      return parse(data[1] === undefined ? decodeURIComponent(body) : Buffer.from(body, 'base64').toString('utf8'), folder);
    }
    if (url === '' || (/^[a-z][a-z\d+.-]+:/i.test(url) && !url.startsWith('file:'))) return undefined;
    const file = url.startsWith('file:') ? fileURLToPath(url) : resolve(folder, decodeURIComponent(url));
    return statSync(file).size > maxMapChars ? undefined : parse(readFileSync(file, 'utf8'), dirname(file));
  } catch {
    return undefined;
  }
}

function parse(text: string, folder: string): ReadMap {
  const map = new SourceMap(text);
  return { map, paths: map.sources.map((source) => sourcePath(source, folder)), size: text.length };
}

function lastMapUrl(text: string): string {
  for (let at = text.length; at >= 0; ) {
    at = text.lastIndexOf('sourceMappingURL=', at - 1);
    const start = Math.max(text.lastIndexOf('//', at), text.lastIndexOf('/*', at));
    const found = at < 0 || at - start > 20 ? null : mapComment.exec(text.slice(start));
    if (found !== null) return (found[1] as string).replace(/\*\/$/, '');
  }
  return '';
}

/** The path of a source of a map: absolute for files, and without scheme and query for bundlers' names (`webpack://app/./src/a.ts`). */
function sourcePath(source: string, folder: string): string {
  if (source.startsWith('file:')) return pathOf(source);
  const scheme = /^[a-z][a-z\d+.-]+:\/\/[^/]*\//i.exec(source);
  return scheme === null ? resolve(folder, source) : withoutScheme(source, scheme[0]);
}

function withoutScheme(source: string, scheme: string): string {
  return source
    .slice(scheme.length)
    .replace(/^(?:\.\/)+/, '')
    .replace(/\?.*$/, '');
}
