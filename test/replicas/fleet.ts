import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Db } from '../../src/storage/db.ts';
import { type FirstLine, type Serving, serving, sidelight } from '../cli/sidelight.ts';
import { type Balancer, startBalancer } from './balancer.ts';
import type { Network } from './namespaces.ts';
import { servingIn } from './room-bridge.ts';
import { startWire, type Wire } from './wire.ts';

/** One bridge of several, in a process of its own. */
export interface Member {
  name: string;
  running: Serving;
  /** Its way to the database. */
  wire: Wire;
  port: number;
}

/** Bridges on one database behind one balancer. */
export interface Fleet {
  balancer: Balancer;
  members: Member[];
  keys: Required<Pick<FirstLine, 'readKey' | 'fullKey' | 'enrolKey'>>;
  /** `kill -9`, and away from the balancer; resolves when all who were connected to it know. */
  kill(member: Member): Promise<void>;
  /** Ends it by SIGTERM; the balancer sends nobody there any more. */
  stop(member: Member): Promise<{ code: number | null; ms: number }>;
  /** Starts it anew, on another port, and behind the balancer. */
  restart(member: Member): Promise<void>;
  /** Gives an order at this bridge, as an operator does. */
  order(member: Member, ...args: string[]): Promise<string>;
  /** Gives an order on the database alone, as from a machine on which no bridge runs. */
  orderElsewhere(...args: string[]): Promise<string>;
  close(): Promise<void>;
}

interface FleetOptions {
  /** Of the database. */
  url: string;
  replicas: number;
  policies?: string;
  /** More settings, as flags. */
  flags?: string[];
  /** One room for each bridge, where the balancer does not get to. */
  network?: Network | undefined;
}

/** Starts so many bridges at the same moment. */
export async function startFleet({ url, replicas, policies, flags = [], network }: FleetOptions): Promise<Fleet> {
  const parent = await mkdtemp(join(tmpdir(), 'sidelight-fleet-'));
  const balancer = await startBalancer();
  const dataOf = (name: string) => join(parent, name);
  // All of them know one master secret; whoever comes first makes it.
  const secret = join(parent, 'secret');
  const { writeFile } = await import('node:fs/promises');
  await writeFile(secret, `${'k'.repeat(43)}\n`, { mode: 0o600 });

  const wires = await Promise.all(Array.from({ length: replicas }, () => startWire(url, network?.host.database)));
  const begin = (name: string, wire: Wire) => {
    const args = [
      ...['--data', dataOf(name), '--database-url', wire.url, '--secret-file', secret],
      ...(policies === undefined ? [] : ['--policies', policies]),
      ...flags,
    ];
    const room = network?.rooms[wires.indexOf(wire)];
    return room === undefined ? serving('serve', ...args) : servingIn(room, ...args);
  };
  const portOf = ({ first }: Serving) => Number(new URL(first.mcpUrl).port);

  const members = await Promise.all(
    wires.map(async (wire, index): Promise<Member> => {
      const name = `bridge-${index}`;
      const running = await begin(name, wire);
      return { name, running, wire, port: portOf(running) };
    }),
  );
  if (network === undefined) for (const { port } of members) balancer.ports.add(port);
  const seeded = members.map(({ running }) => running.first).filter((first) => first.fullKey !== undefined);
  const [keys] = seeded;
  if (keys === undefined || seeded.length > 1) throw new Error(`${seeded.length} bridges made the first keys.`);

  return {
    ...{ balancer, members, keys: keys as Fleet['keys'] },
    async kill(member) {
      balancer.ports.delete(member.port);
      const { child } = member.running;
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = new Promise((done) => child.once('close', done));
      child.kill('SIGKILL');
      await ended;
      await balancer.left(member.port);
    },
    async stop(member) {
      balancer.ports.delete(member.port);
      return member.running.stop();
    },
    async restart(member) {
      member.running = await begin(member.name, member.wire);
      member.port = portOf(member.running);
      if (network === undefined) balancer.ports.add(member.port);
    },
    order: (member, ...args) => ordered(...args, '--data', dataOf(member.name)),
    orderElsewhere: (...args) => ordered(...args, '--data', dataOf('none'), '--database-url', url, '--secret-file', secret),
    async close() {
      await Promise.all(
        members.map(async ({ running, wire }) => {
          wire.mend();
          await running.stop();
          await wire.close();
        }),
      );
      await balancer.close();
      await rm(parent, { recursive: true, force: true });
    },
  };
}

/** Ids of replicas whose lease holds. */
export async function aliveIn(db: Db): Promise<string[]> {
  const rows = await db.query<{ id: string }>('select id from replicas where lease_until > sidelight_now() order by id');
  return rows.map(({ id }) => id);
}

async function ordered(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await sidelight(...args, '--json');
  if (code !== 0) throw new Error(`sidelight ${args.join(' ')} ended with ${code}: ${stderr}`);
  return stdout;
}
