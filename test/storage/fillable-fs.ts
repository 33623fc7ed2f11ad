import { closeSync, fsyncSync, openSync } from 'node:fs';
import { DurableFs } from '../../src/storage/durable-fs.ts';

interface Stream {
  nfd: number;
  path?: string;
}
type Write = (stream: Stream, ...rest: unknown[]) => number;
type Fsync = (stream: Stream) => number;

/** A file system whose disk is full or broken for some files, when told so; the errors are real ones. */
export class FillableFs extends DurableFs {
  /** Files that cannot be written now, by a part of their path. */
  full: RegExp | undefined;
  /** Whether nothing can be forced to disk now. */
  isBroken = false;
  readonly #devFull = openSync('/dev/full', 'w');

  protected override hook(nodeFs: object): void {
    const { stream_ops } = nodeFs as { stream_ops: { write: Write; fsync: Fsync } };
    const { write } = stream_ops;
    stream_ops.write = (stream, ...rest) => {
      if (this.full?.test(stream.path ?? '') !== true) return write(stream, ...rest);
      const { nfd } = stream;
      stream.nfd = this.#devFull;
      try {
        return write(stream, ...rest);
      } finally {
        stream.nfd = nfd;
      }
    };
    super.hook(nodeFs);
    const { fsync } = stream_ops;
    stream_ops.fsync = (stream) => {
      // No file has this number, so that the system refuses.
      if (this.isBroken) fsyncSync(2 ** 30);
      return fsync(stream);
    };
  }

  close(): void {
    closeSync(this.#devFull);
  }
}
