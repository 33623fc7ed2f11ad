import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { Clock } from '../lib/clock.ts';
import { limits } from '../protocol/limits.ts';
import { type Bucket, createBucket } from './bucket.ts';
import type { HubSettings } from './settings.ts';

/**
 * What comes over the agents' connections and is no frame yet: bytes of frames that have begun, of all agents, and pings and pongs. Too much of
 * it, and the connection goes whose frame began first: a whole one takes milliseconds.
 */
export class Unfinished {
  readonly #clock: Clock;
  readonly #settings: HubSettings;
  /** In the order their frames began. */
  readonly #bytes = new Map<WebSocket, number>();
  #all = 0;

  constructor(clock: Clock, settings: HubSettings) {
    this.#clock = clock;
    this.#settings = settings;
  }

  /** Watches a connection that just opened, over this socket. */
  watch(webSocket: WebSocket, socket: Duplex): void {
    let maxBytes: number = limits.maxHelloBytes;
    let control: Bucket | undefined;
    const came = ({ length }: Buffer) => {
      this.#add(webSocket, length);
      if ((this.#bytes.get(webSocket) ?? 0) > maxBytes + readBytes) webSocket.terminate();
    };
    const whole = () => {
      maxBytes = Number.POSITIVE_INFINITY;
      this.#forget(webSocket);
    };
    const { controlFramesPerSecond, controlFrameBurst } = this.#settings;
    const asked = () => {
      control ??= createBucket(this.#clock, controlFramesPerSecond, controlFrameBurst);
      if (control.take(1) > 0) webSocket.terminate();
    };
    // Before the WebSocket reads of it that a frame is whole.
    socket.prependListener('data', came);
    webSocket.on('message', whole).on('ping', asked).on('pong', asked);
    webSocket.once('close', () => {
      socket.off('data', came);
      this.#forget(webSocket);
    });
  }

  #add(webSocket: WebSocket, bytes: number): void {
    this.#bytes.set(webSocket, (this.#bytes.get(webSocket) ?? 0) + bytes);
    this.#all += bytes;
    for (const [first] of this.#bytes) {
      if (this.#all <= this.#settings.maxUnfinishedBytes) return;
      this.#forget(first);
      first.terminate();
    }
  }

  #forget(webSocket: WebSocket): void {
    this.#all -= this.#bytes.get(webSocket) ?? 0;
    this.#bytes.delete(webSocket);
  }
}

/** What one read brings at most: behind a hello there may be more. */
const readBytes = 64 * 1024;
