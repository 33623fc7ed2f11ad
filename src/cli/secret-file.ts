import { open, rm } from 'node:fs/promises';
import { Refusal } from '../lib/refusal.ts';

/**
 * Has a secret made and writes it to a file that only its owner can read, instead of showing it. The file is there before the secret
 * is, so that none is made that cannot be kept; a file that exists is left as it is.
 */
export async function intoNewFile(path: string, make: () => Promise<unknown>): Promise<object> {
  const file = await open(path, 'wx', 0o600).catch((problem: NodeJS.ErrnoException) => {
    throw cannotWrite(path, problem);
  });
  try {
    const { secret, ...rest } = (await make().catch(async (problem: unknown) => {
      await rm(path, { force: true });
      throw problem;
    })) as { secret: string; key: { id: string } };
    await file
      .writeFile(`${secret}\n`)
      .then(() => file.sync())
      .catch((problem: NodeJS.ErrnoException) => {
        throw notKept(path, rest.key.id, problem);
      });
    return { ...rest, out: path };
  } finally {
    await file.close();
  }
}

function notKept(path: string, id: string, problem: NodeJS.ErrnoException): Refusal {
  return new Refusal({
    code: 'unavailable',
    message: `The key ${id} was made, but ${path} could not be written (${problem.code}), and it is told only once.`,
    field: 'out',
    next: `Run sidelight keys revoke ${id}, and make another.`,
  });
}

function cannotWrite(path: string, problem: NodeJS.ErrnoException): Refusal {
  const exists = problem.code === 'EEXIST';
  return new Refusal({
    code: 'invalid_input',
    message: exists ? `${path} is there already.` : `${path} cannot be written (${problem.code}).`,
    field: 'out',
    next: 'Nothing was made. Name a file that does not exist yet, in a directory of your own.',
  });
}
