import { execFile } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A network namespace: what runs in it reaches others through the router alone. */
export interface Room {
  address: string;
  /** A program that is node, in this room. */
  node: string;
}

/** Rooms and this machine around a router that can lose packets without a word: no reset, no unreachable. */
export interface Network {
  rooms: Room[];
  /** Three addresses of this machine, so that each way can be cut alone. */
  host: { callers: string; database: string; agents: string };
  /** From now on nothing gets from one address to the other, either way. */
  cut(one: string, other: string): Promise<void>;
  mend(one: string, other: string): Promise<void>;
  close(): Promise<void>;
}

/** Whether networks can be made here, which takes Linux, iproute2 and root; a line says why where they cannot. */
export async function hasNamespaces(): Promise<boolean> {
  try {
    await (await makeNetwork(0)).close();
    return true;
  } catch (error) {
    // CI looks for this line.
    console.log(`SKIPPED namespaces: no network of its own could be made (${String(error).slice(0, 200)})`);
    return false;
  }
}

/** Makes one with so many rooms. */
export async function makeNetwork(rooms: number): Promise<Network> {
  const undo: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const step of undo.splice(0).reverse()) await step().catch(() => undefined);
  };
  try {
    return { ...(await make(rooms, undo)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

const ip = (...args: string[]) => run('ip', args);

async function make(count: number, undo: (() => Promise<unknown>)[]): Promise<Omit<Network, 'close'>> {
  const name = `sl${randomBytes(4).toString('hex')}`;
  // 198.18.0.0/15 is for trials of networks alone (RFC 2544).
  const net = `198.18.${randomInt(256)}`;
  const host = { callers: `${net}.1`, database: `${net}.101`, agents: `${net}.102` };
  const directory = await mkdtemp(join(tmpdir(), 'sidelight-rooms-'));
  undo.push(() => rm(directory, { recursive: true, force: true }));

  const namespace = async (id: string) => {
    await ip('netns', 'add', id);
    undo.push(() => ip('netns', 'del', id));
    await ip('-n', id, 'link', 'set', 'lo', 'up');
    return id;
  };
  const router = await namespace(`${name}r`);
  await run('ip', ['netns', 'exec', router, 'sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward']);

  // This machine and the router.
  await ip('link', 'add', name, 'type', 'veth', 'peer', 'name', 'host', 'netns', router);
  undo.push(() => ip('link', 'del', name));
  await ip('addr', 'add', `${host.callers}/30`, 'dev', name);
  for (const address of [host.database, host.agents]) await ip('addr', 'add', `${address}/32`, 'dev', name);
  await ip('link', 'set', name, 'up');
  await ip('-n', router, 'addr', 'add', `${net}.2/30`, 'dev', 'host');
  await ip('-n', router, 'link', 'set', 'host', 'up');
  await ip('route', 'add', `${net}.0/24`, 'via', `${net}.2`, 'src', host.callers);
  for (const address of [host.database, host.agents]) await ip('-n', router, 'route', 'add', address, 'via', host.callers);

  const rooms: Room[] = [];
  for (let index = 0; index < count; index += 1) {
    const room = await namespace(`${name}${index}`);
    const [gateway, address] = [`${net}.${4 * index + 5}`, `${net}.${4 * index + 6}`];
    const link = `room${index}`;
    await ip('-n', router, 'link', 'add', link, 'type', 'veth', 'peer', 'name', 'out', 'netns', room);
    await ip('-n', router, 'addr', 'add', `${gateway}/30`, 'dev', link);
    await ip('-n', router, 'link', 'set', link, 'up');
    await ip('-n', room, 'addr', 'add', `${address}/30`, 'dev', 'out');
    await ip('-n', room, 'link', 'set', 'out', 'up');
    await ip('-n', room, 'route', 'add', 'default', 'via', gateway);
    const node = join(directory, room);
    await writeFile(node, `#!/bin/sh\nexec ip netns exec ${room} '${process.execPath}' "$@"\n`);
    await chmod(node, 0o755);
    rooms.push({ address, node });
  }

  // A packet that a router sends into a black hole is dropped, and nobody is told; one that a machine itself sends there is refused.
  const change = async (verb: 'add' | 'del', one: string, other: string) => {
    for (const [from, to] of [
      [one, other],
      [other, one],
    ] as const)
      await ip('-n', router, 'rule', verb, 'from', from, 'to', to, 'pref', '100', 'blackhole');
  };
  const network = {
    ...{ rooms, host },
    cut: (one: string, other: string) => change('add', one, other),
    mend: (one: string, other: string) => change('del', one, other),
  };
  // So that a kernel that cannot is found out here.
  await network.cut(host.callers, host.agents);
  await network.mend(host.callers, host.agents);
  return network;
}
