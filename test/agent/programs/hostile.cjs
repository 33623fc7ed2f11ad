// Things that programs do to an agent. Each function gives what the program can see of it.

exports.twice = function twice(n) {
  return n * 2; // <- twice
};

function sum(from, calls) {
  let total = 0;
  for (let n = from; n < from + calls; n += 1) total += exports.twice(n);
  return total;
}

/** Removes what it has not put into the global scope. */
exports.tidyGlobals = () => {
  for (const name of Object.getOwnPropertyNames(globalThis)) if (name.startsWith('__sidelight')) delete globalThis[name];
  return sum(0, 3);
};

exports.freezeGlobals = () => {
  Object.preventExtensions(globalThis);
};

/** Loads one file again and again; gives milliseconds. */
exports.reload = (file, times) => {
  const from = performance.now();
  for (let time = 0; time < times; time += 1) {
    delete require.cache[require.resolve(file)];
    exports.twice = require(file).twice;
    exports.twice(time);
  }
  return performance.now() - from;
};

let asked = 0;

/** Another `Error`, as zones and tracers put it there. */
exports.ownError = () => {
  class TracedError extends Error {
    static prepareStackTrace() {
      asked += 1;
      return 'traced';
    }
  }
  Object.defineProperty(globalThis, 'Error', {
    get() {
      asked += 1;
      return TracedError;
    },
    configurable: true,
  });
};

/** How often the program's own code was asked meanwhile. */
exports.twiceAsked = () => {
  asked = 0;
  sum(0, 2);
  return asked;
};

function bottom(n) {
  const a = n + 1;
  return a; // <- bottom
}

function deeper(n) {
  try {
    deeper(n + 1);
  } catch {}
  try {
    bottom(n);
  } catch {}
}

/** Passes the line with every amount of stack there is left, from none. Gives what became of `Error`. */
exports.overflow = () => {
  const names = () => Object.getOwnPropertyNames(Error).sort().join();
  const before = names();
  const { stackTraceLimit } = Error;
  deeper(0);
  return names() === before && Error.stackTraceLimit === stackTraceLimit && new Error('x').stack.includes('overflow');
};
