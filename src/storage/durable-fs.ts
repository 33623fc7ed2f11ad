import { fsyncSync } from 'node:fs';
import { NodeFS } from '@electric-sql/pglite/nodefs';

type Init = NodeFS['init'];

/**
 * PGlite's file system with a working fsync. As it ships (0.5.16), PostgreSQL's fsync ends in a hook its file system does
 * not have, so that nothing is ever forced to disk and a power cut can leave a directory that does not open. The hook is
 * internal to PGlite: the version is pinned, and `fsyncs` lets the boot prove that a commit passes through it.
 */
export class DurableFs extends NodeFS {
  /** How many times PostgreSQL forced a file to disk since this was opened. */
  fsyncs = 0;

  override async init(...[pg, options]: Parameters<Init>): ReturnType<Init> {
    const { emscriptenOpts } = await super.init(pg, options);
    return {
      emscriptenOpts: { ...emscriptenOpts, preRun: [...(emscriptenOpts.preRun ?? []), (module) => this.hook(module.NODEFS)] },
    };
  }

  /** Emscripten asks `stream_ops.fsync` of the file system a descriptor belongs to. */
  protected hook(nodeFs: object): void {
    const { stream_ops } = nodeFs as { stream_ops: { fsync?: (stream: { nfd: number }) => number } };
    stream_ops.fsync = ({ nfd }) => {
      fsyncSync(nfd);
      this.fsyncs += 1;
      return 0;
    };
  }
}
