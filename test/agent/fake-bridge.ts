import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { newNonce } from '../../src/agent/link/ed25519.ts';
import { type BridgeKey, createBridgeKey, createSealer } from '../../src/hub/signing.ts';
import { createSecrets } from '../../src/identity/secrets.ts';
import { type Clock, systemClock } from '../../src/lib/clock.ts';
import type { Action, AgentFrame, BridgeFrame, Hello, Welcome } from '../../src/protocol/frames.ts';
import { sealedKinds } from '../../src/protocol/seal.ts';
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
  /** The text of a frame, signed and numbered as the next one of this connection, for whoever alters or delays it. */
  seal(frame: BridgeFrame): string;
  /** What the hello had to answer, and the hello as it came. */
  challenge: string;
  helloText: string;
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
  /** Another than `bridgeKey`. */
  key?: BridgeKey;
  /** Another than the system's: when frames are signed. */
  clock?: Clock;
  /** As a bridge of before codes: every frame has a signature of its own. */
  signsEach?: boolean;
  /** What becomes of the text of each signed frame on its way to the agent. */
  tamper?(text: string, connection: FakeConnection): string[];
}

/** The key of a bridge whose master secret is 32 times this byte, and of one that had others before. */
export const bridgeKeyOf = (byte: number, ...before: number[]): BridgeKey =>
  createBridgeKey(createSecrets(...([byte, ...before].map((one) => Buffer.alloc(32, one)) as [Buffer, ...Buffer[]])));

/** The key of every fake bridge that was given none. */
export const bridgeKey = bridgeKeyOf(1);

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
    let seal: FakeConnection['seal'] = JSON.stringify;
    const send = (frame: BridgeFrame): void => {
      const text = seal(frame);
      const isTampered = connection !== undefined && options.tamper !== undefined && sealedKinds.has(frame.t);
      for (const one of isTampered ? (options.tamper?.(text, connection as FakeConnection) ?? []) : [text]) socket.send(one);
    };
    socket.on('error', () => undefined);
    let connection: FakeConnection | undefined;
    const challenge = newNonce();
    send({ t: 'challenge', nonce: challenge });
    socket.on('message', (data) => {
      const { sig: _sig, ...read } = JSON.parse(String(data)) as AgentFrame & { sig?: string };
      const frame = read as AgentFrame;
      if (frame.t === 'hello') {
        const { keyShare: _share, ...ofBefore } = frame.identity ?? { key: '', nonce: '' };
        const heard = options.signsEach ? { ...frame, identity: ofBefore } : frame;
        seal = createSealer(options.key ?? bridgeKey, options.clock ?? systemClock, heard);
        connection = { headers, path, socket, frames: [frame], hello: frame, send, seal, challenge, helloText: String(data) };
        connections.push(connection);
        if (!options.mute) send({ ...defaultWelcome, now: Date.now(), ...options.welcome });
      } else connection?.frames.push(frame);
    });
    const beat = setInterval(() => {
      // Before the welcome an agent takes nothing else, and its hello may be slow to come.
      if (connection !== undefined && !options.silent) send({ t: 'beat', ts: Date.now() });
    }, 100);
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
