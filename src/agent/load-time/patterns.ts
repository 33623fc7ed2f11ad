import { isAbsolute, relative, sep } from 'node:path';

/**
 * Whether a file is one that the operator named. Patterns are relative to `directory`: `*` and `?` stay within a folder, `**` goes through
 * any, `src` and `src/` mean all below it, and a leading `!` leaves out. Files below `node_modules` must be named as such.
 */
export function createMatcher(patterns: readonly string[], directory: string): (path: string) => boolean {
  const all = patterns.map((pattern) => pattern.trim()).filter((pattern) => pattern !== '' && pattern !== '!');
  const wanted = all.filter((pattern) => !pattern.startsWith('!')).map(readPattern);
  const unwanted = all.filter((pattern) => pattern.startsWith('!')).map((pattern) => readPattern(pattern.slice(1)));
  return (path) => {
    const absolute = toSlashes(path);
    const own = toSlashes(relative(directory, path));
    const isOutside = own.startsWith('../') || isAbsolute(own);
    const isIn = (one: Pattern) =>
      one.isAbsolute ? one.shape.test(absolute) : isOutside === one.isOutside && one.shape.test(own);
    const isLibrary = /(?:^|\/)node_modules\//.test(own);
    return wanted.some((one) => (!isLibrary || one.namesLibraries) && isIn(one)) && !unwanted.some(isIn);
  };
}

interface Pattern {
  shape: RegExp;
  isAbsolute: boolean;
  /** Begins with `../`. */
  isOutside: boolean;
  namesLibraries: boolean;
}

function readPattern(pattern: string): Pattern {
  const text = toSlashes(pattern).replace(/^(?:\.\/)+/, '');
  const isBare = !/[*?]/.test(text) && !/\.\w+$/.test(text);
  const whole = text.endsWith('/') ? `${text}**` : isBare ? `${text}/**` : text;
  const parts = whole.split('/').map((part, index, { length }) => {
    if (part === '**') return index === length - 1 ? '.+' : '(?:[^/]+/)*';
    const segment = part
      .replace(/[.+^$()[\]{}|\\]/g, '\\$&')
      .replace(/\*+/g, '[^/]*')
      .replaceAll('?', '[^/]');
    return index === length - 1 ? segment : `${segment}/`;
  });
  return {
    shape: new RegExp(`^${parts.join('')}$`),
    isAbsolute: isAbsolute(pattern),
    isOutside: text.startsWith('../'),
    namesLibraries: text.includes('node_modules'),
  };
}

function toSlashes(path: string): string {
  return sep === '/' ? path : path.replaceAll(sep, '/');
}
