import { fsyncSync } from 'node:fs';
import { NodeFS } from '@electric-sql/pglite/nodefs';

type Init = NodeFS['init'];

/** What of the WebAssembly module is used beside PGlite's own interface. */
interface Module {
  NODEFS: object;
  FS: { quit(): void };
  /** Has PostgreSQL take one message. */
  _PostgresMainLoopOnce(): void;
}

interface StreamOperations {
  fsync?: (stream: { nfd: number }) => number;
  write: (stream: { path?: string }, ...rest: unknown[]) => number;
}

/**
 * The engine ended in the middle of a statement. PGlite swallows whatever is thrown there and goes on where nothing can go on: it would
 * acknowledge a commit whose fsync failed, or try the same for ever and hang the process. It looks at `status` first, and that throws.
 */
export class EngineEnded extends Error {
  override readonly name = 'EngineEnded';

  get status(): never {
    throw this;
  }
}

/**
 * PGlite's file system with a working fsync. As it ships (0.5.16), PostgreSQL's fsync ends in a hook its file system does
 * not have, so that nothing is ever forced to disk and a power cut can leave a directory that does not open. The hook is
 * internal to PGlite: the version is pinned, and `fsyncs` lets the boot prove that a commit passes through it.
 */
export class DurableFs extends NodeFS {
  /** How many times PostgreSQL forced a file to disk since this was opened. */
  fsyncs = 0;
  #module: Module | undefined;
  /** For the log: what PostgreSQL itself says of its end does not come out. */
  #failedWrite: string | undefined;

  override async init(...[pg, options]: Parameters<Init>): ReturnType<Init> {
    const { emscriptenOpts } = await super.init(pg, options);
    const take = (given: object) => {
      const module = given as Module;
      this.#module = module;
      this.hook(module.NODEFS);
      endWell(module, () => this.#failedWrite);
    };
    return { emscriptenOpts: { ...emscriptenOpts, preRun: [...(emscriptenOpts.preRun ?? []), take] } };
  }

  /** Emscripten asks `stream_ops.fsync` of the file system a descriptor belongs to. */
  protected hook(nodeFs: object): void {
    const { stream_ops } = nodeFs as { stream_ops: StreamOperations };
    stream_ops.fsync = ({ nfd }) => {
      fsyncSync(nfd);
      this.fsyncs += 1;
      return 0;
    };
    const { write } = stream_ops;
    stream_ops.write = (stream, ...rest) => {
      try {
        return write(stream, ...rest);
      } catch (error) {
        this.#failedWrite = `${stream.path ?? 'a file'} could not be written (error ${(error as { errno?: number }).errno})`;
        throw error;
      }
    };
  }

  /** Closes what is open in an engine that cannot close it itself. */
  letGo(): void {
    try {
      this.#module?.FS.quit();
    } catch {
      // It was not far enough to have files.
    }
  }
}

/** A trap, an abort (PostgreSQL's PANIC) and an error of the file system end the engine; everything else is PGlite's own. */
function endWell(module: Module, reason: () => string | undefined): void {
  const once = module._PostgresMainLoopOnce;
  let ended: EngineEnded | undefined;
  module._PostgresMainLoopOnce = () => {
    if (ended !== undefined) throw ended;
    try {
      once();
    } catch (error) {
      const { name, syscall } = (error ?? {}) as { name?: string; syscall?: string };
      if (name !== 'RuntimeError' && syscall === undefined) throw error;
      ended = new EngineEnded(reason() ?? (error instanceof Error ? error.message : String(error)), { cause: error });
      throw ended;
    }
  };
}
