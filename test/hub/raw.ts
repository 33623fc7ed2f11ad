import { WebSocket } from 'ws';
import type { BridgeFrame, Hello } from '../../src/protocol/frames.ts';
import { until, type World } from './world.ts';

/** A WebSocket as an agent opens it; what comes in behind the challenge is written to `frames`. */
export async function rawSocket(
  { url }: Pick<World, 'url'>,
  frames: string[] = [],
  key = 'any',
  challenged: (nonce: string) => void = () => undefined,
): Promise<WebSocket> {
  const socket = new WebSocket(url, 'sidelight.v1', { headers: { authorization: `Bearer ${key}` } });
  socket.on('message', (data) => {
    const frame = JSON.parse(String(data)) as BridgeFrame;
    if (frame.t === 'challenge') challenged(frame.nonce);
    else frames.push(String(data));
  });
  socket.on('error', () => undefined);
  await new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  return socket;
}

/** An agent made by hand: it said hello and was welcomed, the rest is up to the test. */
export async function rawAgent(world: Pick<World, 'url'>, id: string, frames: string[] = []): Promise<WebSocket> {
  const socket = await rawSocket(world, frames);
  socket.send(JSON.stringify(helloFrame(id)));
  await until('welcome', () => frames.some((frame) => frame.includes('"welcome"')));
  return socket;
}

/** How the connection ended, and the error frame before. */
export async function ending(socket: WebSocket, frames: string[]): Promise<{ code: number; error: string | undefined }> {
  const code = await new Promise<number>((resolve) => {
    socket.once('close', resolve);
    if (socket.readyState === WebSocket.CLOSED) resolve(0);
  });
  return { code, error: parsed(frames).flatMap((frame) => (frame.t === 'error' ? [frame.code] : []))[0] };
}

export function parsed(frames: string[]): BridgeFrame[] {
  return frames.map((frame) => JSON.parse(frame) as BridgeFrame);
}

export function acks(frames: string[]): number[] {
  return parsed(frames).flatMap((frame) => (frame.t === 'ack' ? [frame.n] : []));
}

/** The smallest honest hello. */
export function helloFrame(id: string): Hello {
  return {
    t: 'hello',
    v: 1,
    agent: { id, name: id, version: '1', mode: 'sim' },
    service: 'raw',
    runtime: { language: 'none', name: 'raw', version: '1' },
    host: 'h',
    pid: 1,
    tags: [],
    startedAt: 0,
    now: 0,
    capabilities: {
      kinds: ['snapshot'],
      where: ['line'],
      conditions: false,
      expressions: false,
      pending: false,
      sourceMaps: false,
      stops: 'none',
      maxActions: 10,
    },
  };
}

/** A hit without values. */
export function hitFrame(id: string, n: number, hit: number): string {
  const capture = { at: { file: 'f', line: 1 }, stack: [], scopes: [], expressions: [], pauseMicros: 0, cut: [], redacted: {} };
  return JSON.stringify({ t: 'hit', n, id, rev: 1, hit, ts: 1, capture });
}
