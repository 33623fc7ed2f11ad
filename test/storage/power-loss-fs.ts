import { closeSync, cpSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { DurableFs } from '../../src/storage/durable-fs.ts';

/** What the system writes to a disk in one go. */
const pageBytes = 4096;

interface Stream {
  nfd: number;
  path?: string;
}
type Write = (stream: Stream, buffer: Uint8Array, offset: number, length: number, position?: number) => number;
type Fsync = (stream: Stream) => number;

/** Of one file, since it was last forced to disk: its length then, and how each page was that changed. */
interface Unforced {
  bytes: number;
  pages: Map<number, Buffer>;
}

/**
 * A file system that knows what the disk would have if the power went now: what was forced to it, and of the rest some pages, by chance.
 * New names and lengths count as forced, as journals of file systems keep them in order.
 */
export class PowerLossFs extends DurableFs {
  readonly #unforced = new Map<string, Unforced>();
  readonly #cluster: string;
  /** Called before every write and every fsync. */
  onStep = () => {};

  constructor(cluster: string) {
    super(cluster);
    this.#cluster = cluster;
  }

  protected override hook(nodeFs: object): void {
    super.hook(nodeFs);
    const { stream_ops } = nodeFs as { stream_ops: { write: Write; fsync: Fsync } };
    const { write, fsync } = stream_ops;
    stream_ops.write = (stream, buffer, offset, length, position) => {
      this.onStep();
      this.#remember(stream, position ?? 0, length);
      return write(stream, buffer, offset, length, position);
    };
    stream_ops.fsync = (stream) => {
      this.onStep();
      const result = fsync(stream);
      this.#unforced.delete(this.#pathOf(stream));
      return result;
    };
  }

  /** Copies the cluster as the disk would have it; `isWritten` says of each page that was not forced whether it came through. */
  lose(to: string, isWritten: () => boolean): { pages: number; lost: number } {
    cpSync(this.#cluster, to, { recursive: true });
    const count = { pages: 0, lost: 0 };
    for (const [path, { bytes, pages }] of this.#unforced) {
      let file: number;
      try {
        file = openSync(join(to, path), 'r+');
      } catch {
        continue; // it was removed or renamed since
      }
      let isLonger = false;
      for (const [page, before] of pages) {
        count.pages += 1;
        if (isWritten()) {
          isLonger ||= page * pageBytes >= bytes;
          continue;
        }
        count.lost += 1;
        writeSync(file, before, 0, before.length, page * pageBytes);
      }
      if (!isLonger && fstatSync(file).size > bytes) ftruncateSync(file, bytes);
      closeSync(file);
    }
    return count;
  }

  #pathOf({ path }: Stream): string {
    return (path ?? '').replace(/^\/pglite\/data\//, '');
  }

  #remember(stream: Stream, position: number, length: number): void {
    const path = this.#pathOf(stream);
    const file = openSync(join(this.#cluster, path), 'r');
    try {
      let unforced = this.#unforced.get(path);
      if (unforced === undefined) {
        unforced = { bytes: fstatSync(file).size, pages: new Map() };
        this.#unforced.set(path, unforced);
      }
      for (let page = Math.floor(position / pageBytes); page * pageBytes < position + length; page += 1) {
        if (unforced.pages.has(page)) continue;
        const before = Buffer.alloc(pageBytes);
        readSync(file, before, 0, pageBytes, page * pageBytes);
        unforced.pages.set(page, before);
      }
    } finally {
      closeSync(file);
    }
  }
}
