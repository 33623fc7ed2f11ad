import { Transform } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';

/** What the transport takes of a line; a longer one is passed on as far as it is there, and refused by it. */
const maxLineBytes = 10 * 1024 * 1024;
const lineFeed = 10;
const openingBracket = /^\s*\[/;

/** Who is asked about what stands on stdin. */
export interface StdinEvents {
  /** A line was a JSON array; it goes no further. */
  batch(messages: unknown[]): void;
  /** Stdin has ended and all its lines were handed on; resolves when the end may be told. */
  ended(): Promise<void>;
}

/** Stdin for the transport of the SDK, which gives up what is under way as soon as its input ends. The last line needs no line feed. */
export function wholeLines({ batch, ended }: StdinEvents): Transform {
  let held: Buffer[] = [];
  let heldBytes = 0;
  const hold = (part: Buffer) => {
    held.push(part);
    heldBytes += part.length;
  };
  const release = (input: Transform) => {
    const line = Buffer.concat(held);
    held = [];
    heldBytes = 0;
    const messages = arrayIn(line);
    if (messages === undefined) input.push(line);
    else batch(messages);
  };
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      let from = 0;
      for (let end = chunk.indexOf(lineFeed); end >= 0; end = chunk.indexOf(lineFeed, from)) {
        hold(chunk.subarray(from, end + 1));
        from = end + 1;
        release(this);
      }
      hold(chunk.subarray(from));
      if (heldBytes > maxLineBytes) release(this);
      done();
    },
    flush(done) {
      hold(Buffer.from('\n'));
      release(this);
      void read(this)
        .then(ended)
        .then(() => done());
    },
  });
}

/** What was pushed reaches its reader in a later turn. */
async function read(input: Transform): Promise<void> {
  do await turn();
  while (input.readableLength > 0 && !input.destroyed);
}

function arrayIn(line: Buffer): unknown[] | undefined {
  const text = line.toString('utf8');
  if (!openingBracket.test(text)) return undefined;
  try {
    return JSON.parse(text) as unknown[];
  } catch {
    return undefined;
  }
}
