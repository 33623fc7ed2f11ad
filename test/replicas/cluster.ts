import { execFile } from 'node:child_process';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { openPostgres } from '../../src/storage/postgres.ts';
import { silent, type World } from '../storage/engines.ts';

const run = promisify(execFile);

/** A PostgreSQL server of its own, which may be stopped at any time. */
export interface Cluster {
  open(): Promise<World>;
  /** `fast` ends transactions that are open, `immediate` is a crash. */
  stop(mode: 'fast' | 'immediate'): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}

/** Makes one in a temporary directory and starts it on a free port; undefined, with a line that says why, where that cannot be done. */
export async function startCluster(): Promise<Cluster | undefined> {
  const directory = await mkdtemp(join(tmpdir(), 'sidelight-cluster-'));
  try {
    return await make(directory);
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    // CI looks for this line.
    console.log(`SKIPPED cluster: no PostgreSQL server of its own could be started (${String(error).slice(0, 200)})`);
    return undefined;
  }
}

async function make(directory: string): Promise<Cluster> {
  const programs = (await run('pg_config', ['--bindir'])).stdout.trim();
  // A server refuses to run as root.
  const owner = process.getuid?.() === 0 ? await userPostgres() : {};
  if (owner.uid !== undefined && owner.gid !== undefined) await chown(directory, owner.uid, owner.gid);
  const options = { ...owner, cwd: directory, env: { ...process.env, LC_ALL: 'C' } };
  const data = join(directory, 'data');
  const command = (name: string, ...args: string[]) => run(join(programs, name), args, options);
  await command('initdb', '-D', data, '-U', 'postgres', '-A', 'trust', '-N');
  const port = await freePort();
  const settings = `-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off -c max_connections=100`;
  const cluster: Cluster = {
    async start() {
      await command('pg_ctl', '-D', data, '-w', '-l', join(directory, 'log'), '-o', settings, 'start');
    },
    async stop(mode) {
      await command('pg_ctl', '-D', data, '-w', '-m', mode, 'stop');
    },
    async open() {
      const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
      const db = await openPostgres({ url, log: silent });
      return { db, second: db, url, close: () => db.close() };
    },
    async close() {
      await cluster.stop('immediate').catch(() => undefined);
      await rm(directory, { recursive: true, force: true });
    },
  };
  await cluster.start();
  return cluster;
}

async function userPostgres(): Promise<{ uid?: number; gid?: number }> {
  const [uid, gid] = await Promise.all(['-u', '-g'].map(async (flag) => Number((await run('id', [flag, 'postgres'])).stdout)));
  return { ...(uid === undefined ? {} : { uid }), ...(gid === undefined ? {} : { gid }) };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
