import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** The way of one bridge to its database, which can be cut. */
export interface Wire {
  /** The database by this way. */
  url: string;
  /** `silently`: nothing gets through any more, and nobody is told. `reset`: connections break, and new ones are refused. */
  cut(how: 'silently' | 'reset'): void;
  mend(): void;
  close(): Promise<void>;
}

/** Starts one to the database behind this URL; it begins at an address of this machine. */
export async function startWire(databaseUrl: string, address = '127.0.0.1'): Promise<Wire> {
  const there = new URL(databaseUrl);
  const couples = new Set<readonly [Socket, Socket]>();
  let state: 'whole' | 'silently' | 'reset' = 'whole';

  const server = createServer({ noDelay: true, pauseOnConnect: true }, (near) => {
    if (state === 'reset') {
      near.resetAndDestroy();
      return;
    }
    const far = connect({ host: there.hostname, port: Number(there.port || 5432), noDelay: true });
    const couple = [near, far] as const;
    couples.add(couple);
    for (const socket of couple) {
      const other = socket === near ? far : near;
      socket.on('error', () => undefined);
      socket.on('data', (bytes) => other.write(bytes));
      socket.on('end', () => other.end());
      socket.on('close', () => {
        couples.delete(couple);
        // A way that is cut tells nobody that the other end has gone.
        if (state !== 'silently') other.destroy();
      });
      if (state === 'silently') socket.pause();
      else socket.resume();
    }
  });
  server.listen(0, address);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: Object.assign(new URL(databaseUrl), { hostname: address, port: String(port) }).href,
    cut(how) {
      state = how;
      for (const couple of couples) for (const socket of couple) how === 'reset' ? socket.resetAndDestroy() : socket.pause();
    },
    mend() {
      state = 'whole';
      for (const couple of couples)
        for (const socket of couple) couple.some(({ destroyed }) => destroyed) ? socket.destroy() : socket.resume();
    },
    async close() {
      const closed = new Promise((done) => server.close(done));
      for (const couple of couples) for (const socket of couple) socket.destroy();
      await closed;
    },
  };
}
