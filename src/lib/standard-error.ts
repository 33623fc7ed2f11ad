import { writeSync } from 'node:fs';
import type { DestinationStream } from 'pino';
import { systemClock } from './clock.ts';

const fd = 2;
/** Kept while nobody reads; what comes then is counted, and told once somebody reads again. */
const maxWaitingBytes = 4 * 1024 * 1024;
/** Between two looks whether somebody reads again. */
const retryMs = 50;
/** How long the end of the process waits for a reader that stands still. */
const maxExitMs = 500;

const warning = 40;
/** What a pipe says that has no room. */
const full: ReadonlySet<string | undefined> = new Set(['EAGAIN', 'EBUSY']);

let isOpen = false;
const waiting: Buffer[] = [];
let waitingBytes = 0;
let dropped = 0;
let isListening = false;

/**
 * Lines on stderr, written at once, so that they are out when the process ends in the next moment. A pipe that nobody reads holds nobody
 * up: pino's own destinations sleep until there is room, in the middle of the event loop or at the end of the process.
 */
export const standardError: DestinationStream = {
  write(line) {
    // Node makes a pipe one that says when it is full, instead of waiting, as soon as somebody asks for the stream.
    if (!isOpen) isOpen = process.stderr !== undefined;
    const bytes = Buffer.from(line);
    if (waitingBytes + bytes.length > maxWaitingBytes) {
      dropped += 1;
      return;
    }
    waiting.push(bytes);
    waitingBytes += bytes.length;
    if (waiting.length === 1) goOn();
  },
};

/** Writes what there is room for, and looks again later for the rest. */
function goOn(): void {
  if (writeWaiting()) return;
  if (!isListening) process.on('exit', atExit);
  isListening = true;
  systemClock.after(retryMs, goOn);
}

/** True when nothing is left. */
function writeWaiting(): boolean {
  for (;;) {
    const first = waiting[0] ?? lineOfDropped();
    if (first === undefined) return true;
    waiting[0] = first;
    const written = bytesWritten(first);
    if (written === 0) return false;
    waitingBytes -= written;
    if (written < first.length) waiting[0] = first.subarray(written);
    else waiting.shift();
  }
}

function lineOfDropped(): Buffer | undefined {
  if (dropped === 0) return undefined;
  const msg = 'lines of the log were dropped, because nobody read them';
  const line = Buffer.from(`${JSON.stringify({ level: warning, time: systemClock.now(), dropped, msg })}\n`);
  dropped = 0;
  waitingBytes += line.length;
  return line;
}

/** None when there is no room. What can never be written, because the reader is gone or the disk is full, counts as written. */
function bytesWritten(bytes: Buffer): number {
  try {
    return writeSync(fd, bytes);
  } catch (problem) {
    return full.has((problem as NodeJS.ErrnoException).code) ? 0 : bytes.length;
  }
}

function atExit(): void {
  const endsAt = systemClock.monotonic() + maxExitMs;
  const pause = new Int32Array(new SharedArrayBuffer(4));
  while (!writeWaiting() && systemClock.monotonic() < endsAt) Atomics.wait(pause, 0, 0, retryMs / 5);
}
