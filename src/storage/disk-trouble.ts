import { statfs } from 'node:fs/promises';
import { Refusal } from '../lib/refusal.ts';
import { unavailable } from './database-errors.ts';

const mebibyte = 1024 * 1024;
/** A start after a crash may need two new files of the log, of 16 MiB each. */
export const startBytes = 32 * mebibyte;
/** A new cluster has 41 MB before anything is in it. */
export const newClusterBytes = 64 * mebibyte;

/** Numbers of Emscripten (those of WASI) for errors that are the disk's and not of what is on it. */
const systemErrors = new Map([
  [2, 'EACCES'],
  [19, 'EDQUOT'],
  [29, 'EIO'],
  [33, 'EMFILE'],
  [41, 'ENFILE'],
  [51, 'ENOSPC'],
  [63, 'EPERM'],
  [69, 'EROFS'],
]);
const isFull = new Set(['ENOSPC', 'EDQUOT', '53100']);

/** Refuses where the file system has too little space for a start: PostgreSQL would stop in the middle of it. */
export async function requireFree(directory: string, bytes: number): Promise<void> {
  // Some file systems do not say.
  const free = await statfs(directory).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => Number.POSITIVE_INFINITY,
  );
  if (free < bytes) throw full(directory, `${mib(free)} of ${mib(bytes)} are free that a start may need`);
}

/** The refusal for files that PostgreSQL does not start on; nothing was lost in them. */
export function cannotStart(directory: string, error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  const code = codeOf(error);
  if (isFull.has(code)) return full(directory, code);
  if (isOfTheDisk(error)) {
    return unavailable(
      `The data directory ${directory} cannot be used (${code}).`,
      'Choose a directory on a disk that works and that this user may write to, with everything in it.',
    );
  }
  const { message } = error as { message?: string };
  return broken(directory, message === undefined || message === '' ? code : message);
}

/** Whether the disk or its rights are at fault, and not what is stored. */
export function isOfTheDisk(error: unknown): boolean {
  const code = codeOf(error);
  return isFull.has(code) || [...systemErrors.values()].includes(code);
}

function codeOf(error: unknown): string {
  const { code, errno } = (error ?? {}) as { code?: string; errno?: number };
  return code ?? systemErrors.get(errno ?? 0) ?? String(error);
}

/** The refusal for a directory that does not open; nothing was changed in it. */
export function broken(directory: string, why: string): Refusal {
  return unavailable(
    `The data directory ${directory} is broken: ${why}.`,
    'Restore it from a backup, or move it away to start with an empty one.',
  );
}

function full(directory: string, why: string): Refusal {
  return unavailable(
    `The disk of the data directory ${directory} is full: ${why}.`,
    'Make space, and start again. What is stored is as it was.',
  );
}

function mib(bytes: number): string {
  return `${Math.floor(bytes / mebibyte)} MiB`;
}
