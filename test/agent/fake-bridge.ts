import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Action, AgentFrame, BridgeFrame, Hello, Welcome } from '../../src/protocol/frames.ts';
import { until } from './until.ts';

/** One agent at the fake bridge. */
export interface FakeConnection {
  headers: IncomingHttpHeaders;
  path: string;
  socket: WebSocket;
  /** Everything it said, oldest first. */
  frames: AgentFrame[];
  hello: Hello;
  closed?: { code: number; reason: string };
  send(frame: BridgeFrame): void;
}

export interface FakeBridgeOptions {
  port?: number;
  /** Answers every upgrade with this status instead. */
  status?: number;
  welcome?: Partial<Welcome>;
  /** Does not answer a hello. */
  mute?: boolean;
  /** Sends no beats. */
  silent?: boolean;
}

/** A bridge of a few lines for tests of the agent's link: no storage, no keys, every fault on demand. */
export interface FakeBridge {
  port: number;
  url: string;
  connections: FakeConnection[];
  options: FakeBridgeOptions;
  /** The connection with this number (from 0), once its hello has come. */
  connection(index: number): Promise<FakeConnection>;
  /** As `kill -9` does it: no goodbye, sockets cut, port closed. */
  kill(): Promise<void>;
}

export async function startFakeBridge(options: FakeBridgeOptions = {}): Promise<FakeBridge> {
  const http: Server = createServer((_request, response) => response.writeHead(404).end());
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  const connections: FakeConnection[] = [];
  const beats = new Set<NodeJS.Timeout>();
  http.on('upgrade', (request, socket, head) => {
    if (options.status !== undefined) {
      socket.end(`HTTP/1.1 ${options.status} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
      return;
    }
    sockets.handleUpgrade(request, socket, head, (client) => accept(client, request.headers, request.url ?? ''));
  });

  function accept(socket: WebSocket, headers: IncomingHttpHeaders, path: string): void {
    const send = (frame: BridgeFrame): void => socket.send(JSON.stringify(frame));
    socket.on('error', () => undefined);
    let connection: FakeConnection | undefined;
    socket.on('message', (data) => {
      const frame = JSON.parse(String(data)) as AgentFrame;
      if (frame.t === 'hello') {
        connection = { headers, path, socket, frames: [frame], hello: frame, send };
        connections.push(connection);
        if (!options.mute) send({ ...defaultWelcome, now: Date.now(), ...options.welcome });
      } else connection?.frames.push(frame);
    });
    const beat = setInterval(() => !options.silent && send({ t: 'beat', ts: Date.now() }), 100);
    beats.add(beat);
    socket.on('close', (code, reason) => {
      clearInterval(beat);
      beats.delete(beat);
      if (connection !== undefined) connection.closed = { code, reason: String(reason) };
    });
  }

  await new Promise<void>((resolve) => http.listen(options.port ?? 0, '127.0.0.1', resolve));
  const { port } = http.address() as AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    connections,
    options,
    connection: (index) => until(() => connections[index], `connection ${index}`),
    async kill() {
      for (const beat of beats) clearInterval(beat);
      for (const client of sockets.clients) client.terminate();
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

const defaultWelcome: Welcome = {
  t: 'welcome',
  session: 'ses_test',
  now: 0,
  beatMs: 100,
  maxSilenceMs: 1_000,
  ackedN: 0,
  policy: { names: { hidden: {}, harmlessEndings: [], harmlessBeginnings: [] }, pause: false },
  actions: [],
};

/** The frames of one kind. */
export function framesOf<T extends AgentFrame['t']>(connection: FakeConnection, t: T): Extract<AgentFrame, { t: T }>[] {
  return connection.frames.filter((frame): frame is Extract<AgentFrame, { t: T }> => frame.t === t);
}

/** A snapshot action; `file` and `line` are where. */
export function snapshot(id: string, where: Action['where'], limits: Partial<Action['limits']> = {}): Action {
  return { id, rev: 1, kind: 'snapshot', where, expressions: [], limits: { hits: 1, depth: 3, ttlMs: 60_000, ...limits } };
}
