import Module from 'node:module';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';

/** What every file of CommonJS goes through, whatever compiled it before; with Node's format from version 22 on. */
type Compile = (this: unknown, content: unknown, filename: string, ...rest: unknown[]) => unknown;

/** `module.registerHooks`: Node 22.15, 23.5 and later. */
interface LoadHooks {
  load(url: string, context: unknown, next: (url: string, context: unknown) => LoadResult): LoadResult;
}
interface LoadResult {
  format?: string | null | undefined;
  source?: unknown;
}

const { apply } = Reflect;
/** What Node and loaders compile to JavaScript. */
const compiled = /\.(?:[cm]?tsx?|jsx)$/i;

/** What is done with a file; neither throws. */
export interface Loading {
  isWanted(path: string): boolean;
  /** The text to compile in place of this one; undefined leaves it alone. */
  instrument(path: string, text: string): string | undefined;
  /** V8 did not take what `instrument` gave, so the file runs as it is. */
  refused(path: string): void;
  /** The file is not one that can be instrumented. */
  leaveOut(path: string, why: string): void;
}

/**
 * Has `instrument` give the text of each wanted file before it is compiled, in this thread. False when only CommonJS can be reached.
 */
export function hookLoading({ isWanted, instrument, refused, leaveOut }: Loading): boolean {
  const { registerHooks } = Module as unknown as { registerHooks?: (hooks: LoadHooks) => void };
  const prototype = Module.prototype as unknown as { _compile: Compile };
  const compile = prototype._compile;
  // Named as Node's: it stands in stacks of what a module throws while it is loaded.
  prototype._compile = function _compile(content, filename, ...rest) {
    const text = typeof content === 'string' && isWanted(filename) ? compileText(filename, content) : undefined;
    if (text === undefined) return apply(compile, this, [content, filename, ...rest]);
    try {
      return apply(compile, this, [text, filename, ...rest]);
    } catch (error) {
      // Only when V8 does not take the text: then none of it has run.
      if (!(error instanceof SyntaxError) || rest[0] === 'module' || isCommonJs(text) || !isCommonJs(content as string))
        throw error;
      refused(filename);
      return apply(compile, this, [content, filename, ...rest]);
    }
  };
  registerHooks?.({
    load(url, context, next) {
      const result = next(url, context);
      if (result.format !== 'module') return result;
      const source = moduleText(url, result.source);
      return source === undefined ? result : { ...result, source };
    },
  });
  return registerHooks !== undefined;

  /** Without hooks, an ES module that is required may run already, not instrumented. */
  function compileText(path: string, text: string): string | undefined {
    if (registerHooks === undefined && /\b(?:im|ex)port\b/.test(text) && !isCommonJs(text)) {
      leaveOut(path, 'It is an ES module, and this Node has no module.registerHooks.');
      return undefined;
    }
    return instrument(path, text);
  }

  function moduleText(url: string, source: unknown): string | undefined {
    try {
      if (!url.startsWith('file:')) return undefined;
      const path = fileURLToPath(url);
      if (!isWanted(path)) return undefined;
      const text =
        typeof source === 'string' ? source : source == null ? undefined : new TextDecoder().decode(source as Uint8Array);
      if (text === undefined) return undefined;
      // Before a loader has compiled it, it is not JavaScript, even when it reads so.
      if (compiled.test(path) && !text.includes('sourceMappingURL=data:')) {
        leaveOut(path, 'A loader that was registered before the agent compiles it; start the agent behind that.');
        return undefined;
      }
      return instrument(path, text);
    } catch {
      return undefined;
    }
  }
}

/** Whether V8 takes it as the body of a CommonJS module. */
function isCommonJs(text: string): boolean {
  try {
    new Script(`(function (exports, require, module, __filename, __dirname) {${text.replace(/^#!.*/, '')}\n})`);
    return true;
  } catch {
    return false;
  }
}
