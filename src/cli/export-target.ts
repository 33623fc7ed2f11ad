import { once } from 'node:events';
import { open, rm } from 'node:fs/promises';
import { Refusal } from '../lib/refusal.ts';

type Writes<T> = (take: (text: string) => Promise<void>) => Promise<T>;

/** Has it written to a new file that only its owner can read; it is on the disk when this is done, and gone when it failed. */
export async function intoFile<T>(path: string, write: Writes<T>): Promise<T> {
  const file = await open(path, 'wx', 0o600).catch((problem: NodeJS.ErrnoException) => {
    throw refused(problem.code === 'EEXIST' ? `${path} is there already.` : `${path} cannot be written (${problem.code}).`);
  });
  try {
    const result = await write((text) => file.appendFile(text).catch(notWritten(path)));
    await file.sync().catch(notWritten(path));
    return result;
  } catch (problem) {
    await rm(path, { force: true });
    throw problem;
  } finally {
    await file.close();
  }
}

/** Has it written to a stream, no faster than that takes it. Refuses when whoever reads it goes away. */
export async function intoOutput<T>(output: NodeJS.WriteStream, write: Writes<T>): Promise<T> {
  let isGone = false;
  const gone = () => {
    isGone = true;
  };
  output.once('close', gone).once('error', gone);
  const take = async (text: string) => {
    if (isGone) throw refused('Whoever reads the output has gone away.');
    if (!output.write(text)) await Promise.race([once(output, 'drain'), once(output, 'close')]).catch(gone);
  };
  try {
    return await write(take);
  } finally {
    output.off('close', gone).off('error', gone);
  }
}

function notWritten(path: string) {
  return (problem: NodeJS.ErrnoException): never => {
    throw refused(`${path} could not be written to its end (${problem.code}), and is removed.`);
  };
}

function refused(message: string): Refusal {
  return new Refusal({
    code: 'invalid_input',
    message,
    field: 'to',
    next: 'Name a file that does not exist yet, where there is space for it.',
  });
}
