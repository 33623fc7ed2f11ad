/** One that waits to be written. */
interface Waiting<T> {
  item: T;
  done: () => void;
  failed: (problem: unknown) => void;
}

/**
 * What comes while a write is under way is written together by the next one, at most `most` at a time: under load one flush serves many,
 * alone nothing waits. Resolves when the item is written; when a write fails, all that were in it fail.
 */
export function together<T>(most: number, write: (items: T[]) => Promise<void>): (item: T) => Promise<void> {
  const waiting: Waiting<T>[] = [];
  let isWriting = false;

  async function writeAll(): Promise<void> {
    isWriting = true;
    try {
      while (waiting.length > 0) {
        const some = waiting.splice(0, most);
        await write(some.map(({ item }) => item)).then(
          () => some.forEach(({ done }) => void done()),
          (problem: unknown) => some.forEach(({ failed }) => void failed(problem)),
        );
      }
    } finally {
      isWriting = false;
    }
  }

  return (item) =>
    new Promise<void>((done, failed) => {
      waiting.push({ item, done, failed });
      if (!isWriting) void writeAll();
    });
}
