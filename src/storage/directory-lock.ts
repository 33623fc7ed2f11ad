import { createHash } from 'node:crypto';
import { open, readdir, realpath, rm } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { randomBase62 } from '../lib/id.ts';
import { unavailable } from './database-errors.ts';
import { cannotStart, isOfTheDisk } from './disk-trouble.ts';

/** How long the holder may take to say who it is; it may be busy, and is the holder all the same. */
const maxAnswerMs = 1_000;
/** Two that start at the same moment both step back; they try again after a random pause. */
const attempts = 4;
const maxPauseMs = 200;

const socketName = /^lock-(\d+)-[0-9A-Za-z]+\.sock$/;

/** Held until released or until this process dies, however it dies. */
export interface DirectoryLock {
  release(): Promise<void>;
}

/**
 * Makes sure that one process at a time uses a data directory: two would lose each other's rows without an error. The lock is
 * a socket that listens in the directory, because the kernel closes it with the process: nothing to clean up after a kill -9,
 * no process id that somebody else got meanwhile. Everyone listens first and looks at all others then; who sees another alive
 * steps back, so that two can never both go on, whatever the timing.
 */
export async function lockDirectory(directory: string): Promise<DirectoryLock> {
  if (process.platform === 'win32') return lockPipe(directory);
  const folder = await open(directory, 'r');
  try {
    for (let attempt = 1; ; attempt += 1) {
      const own = `lock-${process.pid}-${randomBase62(6)}.sock`;
      // A socket's path has about 100 characters; through /proc even a long directory fits.
      const at = (name: string) => join(process.platform === 'linux' ? `/proc/self/fd/${folder.fd}` : directory, name);
      const server = await listen(at(own), directory);
      const others = (await readdir(directory)).filter((name) => socketName.test(name) && name !== own);
      const answers = await Promise.all(others.map(async (name) => ({ name, holder: await ask(at(name)) })));
      const alive = answers.find(({ holder }) => holder !== undefined);
      if (alive === undefined) {
        await Promise.all(others.map((name) => rm(join(directory, name), { force: true })));
        const release = async () => {
          await close(server);
          await folder.close();
        };
        return { release };
      }
      await close(server);
      if (attempt === attempts) throw inUse(directory, alive.holder || `process ${socketName.exec(alive.name)?.[1]}`);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * maxPauseMs));
    }
  } catch (error) {
    await folder.close();
    throw error;
  }
}

/** Named pipes of Windows are exclusive by themselves, but cannot live in a directory. */
async function lockPipe(directory: string): Promise<DirectoryLock> {
  const name = createHash('sha256')
    .update((await realpath(directory)).toLowerCase())
    .digest('hex')
    .slice(0, 32);
  const path = `\\\\.\\pipe\\sidelight-${name}`;
  const holder = await ask(path);
  if (holder !== undefined) throw inUse(directory, holder);
  const server = await listen(path, directory);
  return { release: () => close(server) };
}

function listen(path: string, directory: string): Promise<Server> {
  const since = new Date().toISOString();
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.end(`process ${process.pid} on ${hostname()}, since ${since}`);
  });
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') reject(inUse(directory, 'another process'));
      else if (isOfTheDisk(error)) reject(cannotStart(directory, error));
      else
        reject(
          unavailable(
            `The data directory ${directory} cannot be locked: a socket cannot be made in it (${error.code}).`,
            'Choose a directory on a local file system, with a shorter path.',
          ),
        );
    });
    server.listen(path, () => {
      server.unref();
      resolve(server);
    });
  });
}

/** Who listens there, in words (empty when it did not say so in time); undefined when nobody does. */
function ask(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path);
    let text = '';
    const timer = setTimeout(() => settle(text), maxAnswerMs);
    const settle = (answer: string | undefined) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    socket.setEncoding('utf8');
    socket.on('data', (piece: string) => {
      text = (text + piece).slice(0, 200);
    });
    socket.on('end', () => settle(text));
    // Only these two prove that nobody is there; with any other error there may be, and then we must not go on.
    socket.on('error', (error: NodeJS.ErrnoException) =>
      settle(error.code === 'ECONNREFUSED' || error.code === 'ENOENT' ? undefined : text),
    );
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

function inUse(directory: string, holder: string) {
  return unavailable(
    `The data directory ${directory} is in use by ${holder}.`,
    'Stop that process, or choose another directory.',
  );
}
