import { readFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { maxMapChars } from '../source/source-map.ts';
import type { Columns } from './columns.ts';

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** The last one counts, as for V8 and Node. */
const comment = /^.*\/\/[#@] sourceMappingURL=([^\s'"]+)[ \t]*$/gm;

/** What a text says of its source map: an address, and where that stands. */
export function mapComment(text: string): { url: string; from: number; to: number } | undefined {
  // Most files say it at their end; a whole bundle is not searched for it.
  const start = text.lastIndexOf('sourceMappingURL=');
  if (start < 0) return undefined;
  const lineStart = text.lastIndexOf('\n', start) + 1;
  const lineEnd = text.indexOf('\n', start);
  comment.lastIndex = 0;
  const url = comment.exec(text.slice(lineStart, lineEnd < 0 ? text.length : lineEnd))?.[1];
  const from = start + 'sourceMappingURL='.length;
  return url === undefined ? undefined : { url, from, to: from + url.length };
}

/** A map for the text with insertions, as a `data:` URL; undefined when there is none that can be read. */
export function shiftMap(url: string, path: string, columns: Columns): string | undefined {
  const text = readMap(url, path);
  if (text === undefined || text.length > maxMapChars) return undefined;
  const map = JSON.parse(text.startsWith(")]}'") ? text.slice(text.indexOf('\n')) : text) as {
    mappings?: unknown;
    sources?: unknown;
    sourceRoot?: string;
  };
  if (typeof map.mappings !== 'string' || !Array.isArray(map.sources)) return undefined;
  map.mappings = shiftMappings(map.mappings, columns);
  if (!url.startsWith('data:')) {
    const base = new URL(url, pathToFileURL(path));
    const root = map.sourceRoot ? `${map.sourceRoot.replace(/\/$/, '')}/` : '';
    map.sources = map.sources.map((source: unknown) => (typeof source === 'string' ? new URL(root + source, base).href : source));
    delete map.sourceRoot;
  }
  return `data:application/json;base64,${Buffer.from(JSON.stringify(map)).toString('base64')}`;
}

function readMap(url: string, path: string): string | undefined {
  const data = /^data:[^,]*?(;base64)?,(.*)$/s.exec(url);
  if (data !== null) {
    const body = data[2] as string;
    return data[1] === undefined ? decodeURIComponent(body) : Buffer.from(body, 'base64').toString();
  }
  const file = new URL(url, pathToFileURL(path));
  return file.protocol === 'file:' ? readFileSync(fileURLToPath(file), 'utf8') : undefined;
}

/** Only the first number of a mapping, its column since the one before, changes (ECMA-426, "mappings"). */
function shiftMappings(mappings: string, columns: Columns): string {
  return mappings
    .split(';')
    .map((segments, line) => {
      if (segments === '') return '';
      let column = 0;
      let before = 0;
      return segments
        .split(',')
        .map((segment) => {
          const [delta, length] = decode(segment);
          column += delta;
          const now = columns.shifted(line, column);
          const text = encode(now - before) + segment.slice(length);
          before = now;
          return text;
        })
        .join(',');
    })
    .join(';');
}

/** The first number of a mapping in base-64 VLQ, and how many characters it takes. */
function decode(segment: string): [value: number, length: number] {
  let value = 0;
  for (let index = 0; index < segment.length; index += 1) {
    const digit = letters.indexOf(segment[index] as string);
    value |= (digit & 31) << (index * 5);
    if ((digit & 32) === 0) return [value & 1 ? -(value >> 1) : value >> 1, index + 1];
  }
  return [0, segment.length];
}

function encode(value: number): string {
  let rest = value < 0 ? (-value << 1) | 1 : value << 1;
  let text = '';
  do {
    const digit = rest & 31;
    rest >>= 5;
    text += letters[rest > 0 ? digit | 32 : digit];
  } while (rest > 0);
  return text;
}
