import { createHash } from 'node:crypto';
import { Refusal } from '../lib/refusal.ts';
import { maxLineBytes } from './export-format.ts';

const lineFeed = 10;

/** Lines of an export, one by one, and the hash of those that were taken. */
export interface ExportLines {
  /** The next line without its end; refuses a file that was cut, and a line that is too long. */
  next(): Promise<string>;
  /** Hex SHA-256 of all lines taken so far. */
  sha256(): string;
  /** How many were taken. */
  readonly taken: number;
  /** Whether nothing follows. */
  atEnd(): Promise<boolean>;
}

/** Reads lines out of bytes that come in pieces; holds one line at a time. Other characters that end lines stand inside of rows. */
export function linesOf(chunks: AsyncIterable<Uint8Array>): ExportLines {
  const source = chunks[Symbol.asyncIterator]();
  const hash = createHash('sha256');
  let rest: Buffer = Buffer.alloc(0);
  let taken = 0;

  /** Pieces are joined once they have the end of a line, so that a long line is not copied with each of them. */
  async function take(): Promise<Buffer> {
    const pieces = [rest];
    let bytes = rest.length;
    let end = rest.indexOf(lineFeed);
    while (end < 0) {
      if (bytes > maxLineBytes) throw altered(`line ${taken + 1} is longer than any line of an export`);
      const { done, value } = await source.next();
      if (done === true) throw cut(taken);
      const piece = Buffer.from(value);
      const found = piece.indexOf(lineFeed);
      if (found >= 0) end = bytes + found;
      pieces.push(piece);
      bytes += piece.length;
    }
    const all = pieces.length === 1 ? rest : Buffer.concat(pieces);
    rest = all.subarray(end + 1);
    return all.subarray(0, end + 1);
  }

  return {
    async next() {
      const line = await take();
      hash.update(line);
      taken += 1;
      return line.toString('utf8', 0, line.length - 1);
    },
    sha256: () => hash.copy().digest('hex'),
    get taken() {
      return taken;
    },
    async atEnd() {
      while (rest.length === 0) {
        const { done, value } = await source.next();
        if (done === true) return true;
        rest = Buffer.from(value);
      }
      return false;
    },
  };
}

/** The refusal for a file that is not as it was exported. */
export function altered(how: string): Refusal {
  return new Refusal({
    code: 'invalid_input',
    message: `The file is not as it was exported: ${how}.`,
    field: 'from',
    next: 'Nothing was imported. Take another copy of the file, or export again.',
  });
}

function cut(lines: number): Refusal {
  return new Refusal({
    code: 'invalid_input',
    message: `The file was cut: it ends after ${lines} lines without the last one of an export.`,
    field: 'from',
    next: 'Nothing was imported. Take another copy of the file, or export again.',
  });
}
