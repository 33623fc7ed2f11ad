import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { Clock } from '../lib/clock.ts';
import { limits } from '../protocol/limits.ts';
import { type Bucket, createBucket } from './bucket.ts';
import type { HubSettings } from './settings.ts';

/** What one read brings at most: behind a hello there may be more. */
const readBytes = 64 * 1024;

/**
 * What comes over the agents' connections and is no frame yet: bytes of frames that have begun, of all agents, and pings and pongs. Too much of
 * it, and the connection goes whose frame began first: a whole one takes milliseconds. An idle connection has next to nothing here.
 */
export class Unfinished {
  readonly #clock: Clock;
  readonly #settings: HubSettings;
  /** In the order their frames began. */
  readonly #bytes = new Map<WebSocket, number>();
  #all = 0;
  /** Those that sent no frame yet. */
  readonly #strangers = new Set<WebSocket>();
  readonly #control = new WeakMap<WebSocket, Bucket>();
  /** The same for all connections, which are `this` in them. */
  readonly #listeners: Record<'message' | 'ping' | 'pong' | 'close', (this: WebSocket) => void>;

  constructor(clock: Clock, settings: HubSettings) {
    this.#clock = clock;
    this.#settings = settings;
    const forget = (webSocket: WebSocket) => this.#forget(webSocket);
    const asked = (webSocket: WebSocket) => this.#asked(webSocket);
    function whole(this: WebSocket): void {
      forget(this);
    }
    function control(this: WebSocket): void {
      asked(this);
    }
    this.#listeners = { message: whole, close: whole, ping: control, pong: control };
  }

  /** Watches a connection that just opened, over this socket. */
  watch(webSocket: WebSocket, socket: Duplex): void {
    this.#strangers.add(webSocket);
    // Before the WebSocket reads of it that a frame is whole.
    socket.prependListener('data', (data: Buffer) => this.#came(webSocket, data.length));
    for (const [event, listener] of Object.entries(this.#listeners)) webSocket.on(event, listener);
  }

  #came(webSocket: WebSocket, bytes: number): void {
    const begun = (this.#bytes.get(webSocket) ?? 0) + bytes;
    this.#bytes.set(webSocket, begun);
    this.#all += bytes;
    if (begun > limits.maxHelloBytes + readBytes && this.#strangers.has(webSocket)) this.#cut(webSocket);
    for (const [first] of this.#bytes) {
      if (this.#all <= this.#settings.maxUnfinishedBytes) return;
      this.#cut(first);
    }
  }

  #asked(webSocket: WebSocket): void {
    const { controlFramesPerSecond, controlFrameBurst } = this.#settings;
    const bucket = this.#control.get(webSocket) ?? createBucket(this.#clock, controlFramesPerSecond, controlFrameBurst);
    this.#control.set(webSocket, bucket);
    if (bucket.take(1) > 0) this.#cut(webSocket);
  }

  #cut(webSocket: WebSocket): void {
    this.#forget(webSocket);
    webSocket.terminate();
  }

  #forget(webSocket: WebSocket): void {
    this.#strangers.delete(webSocket);
    this.#all -= this.#bytes.get(webSocket) ?? 0;
    this.#bytes.delete(webSocket);
  }
}
