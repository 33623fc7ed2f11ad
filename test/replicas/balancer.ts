import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A balancer that knows nothing of what it carries: each connection goes to the next bridge that takes one. */
export interface Balancer {
  port: number;
  mcpUrl: string;
  agentUrl: string;
  /** The ports of bridges that new connections go to. */
  ports: Set<number>;
  /** Resolves when nobody is connected to this port any more, and whoever was has been told. */
  left(port: number): Promise<void>;
  close(): Promise<void>;
}

/** Starts one on a free port of loopback, with no bridge behind it yet. */
export async function startBalancer(): Promise<Balancer> {
  const ports = new Set<number>();
  const open = new Set<Socket>();
  /** Connections to bridges, by port. */
  const carried = new Map<number, Set<Socket>>();
  let turn = 0;

  function carry(client: Socket, tried: number): void {
    const all = [...ports];
    const port = all[turn % all.length];
    turn += 1;
    if (port === undefined || tried > all.length) {
      client.destroy();
      return;
    }
    const bridge = connect({ host: '127.0.0.1', port, noDelay: true });
    let isOpen = false;
    bridge.once('connect', () => {
      isOpen = true;
      client.pipe(bridge).pipe(client);
    });
    bridge.on('error', () => {
      if (!isOpen) carry(client, tried + 1);
    });
    bridge.on('close', () => {
      open.delete(bridge);
      carried.get(port)?.delete(bridge);
      if (isOpen) client.destroy();
    });
    client.on('close', () => bridge.destroy());
    open.add(bridge);
    carried.set(port, (carried.get(port) ?? new Set()).add(bridge));
  }

  const server = createServer({ noDelay: true }, (client) => {
    open.add(client);
    client.on('error', () => undefined);
    client.on('close', () => open.delete(client));
    carry(client, 0);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    ...{ port, ports },
    mcpUrl: `http://127.0.0.1:${port}/mcp`,
    agentUrl: `ws://127.0.0.1:${port}/agent`,
    async left(port) {
      while ((carried.get(port)?.size ?? 0) > 0) await sleep(5);
      // Clients of this process read what was sent to them in its next turns.
      await sleep(5);
    },
    async close() {
      const closed = new Promise((done) => server.close(done));
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}
