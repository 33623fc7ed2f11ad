import { createHash, randomBytes } from 'node:crypto';
import { type IncomingMessage, request as requestPlain } from 'node:http';
import { request as requestSecure } from 'node:https';
import type { Duplex } from 'node:stream';
import { closeCodes, encodeFrame, FrameError, FrameReader, type Incoming, maxControlBytes, opcodes } from './websocket-frames.ts';

/** RFC 6455, section 1.3. */
const acceptSuffix = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** Where to connect, as whom, and the bounds. */
export interface WebSocketOptions {
  /** `ws:` or `wss:`. */
  url: URL;
  subprotocol: string;
  bearer: string;
  /** Bytes of one message from the server. */
  maxMessageBytes: number;
  /** Time for connecting, TLS and the upgrade together. */
  handshakeMs: number;
  /** Time that the server has to answer our close. */
  closeMs: number;
}

/** Why there is no connection (any more). */
export type Ended =
  /** The server answered the upgrade with a plain HTTP status. */
  | { kind: 'refused'; status: number }
  /** Never connected, or cut: DNS, TCP, TLS, time. */
  | { kind: 'network'; message: string }
  /** Closed by either side with a code. */
  | { kind: 'closed'; code: number; reason: string };

/** What the owner hears: `open` at most once, `ended` exactly once and last. */
export interface WebSocketEvents {
  open(): void;
  text(message: string): void;
  ended(why: Ended): void;
}

/** A WebSocket client over node:http(s): RFC 6455 without extensions, because the agent has no dependencies. */
export class WebSocketClient {
  readonly #options: WebSocketOptions;
  readonly #events: WebSocketEvents;
  readonly #reader: FrameReader;
  readonly #utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  readonly #request: ReturnType<typeof requestPlain>;
  #socket: Duplex | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closing: { code: number; reason: string } | undefined;
  #done = false;

  constructor(options: WebSocketOptions, events: WebSocketEvents) {
    this.#options = options;
    this.#events = events;
    this.#reader = new FrameReader(options.maxMessageBytes);
    const key = randomBytes(16).toString('base64');
    const { url, subprotocol, bearer } = options;
    const secure = url.protocol === 'wss:';
    const target = new URL(url);
    target.protocol = secure ? 'https:' : 'http:';
    this.#request = (secure ? requestSecure : requestPlain)(target, {
      agent: false,
      headers: {
        Connection: 'Upgrade',
        Upgrade: 'websocket',
        'Sec-WebSocket-Version': '13',
        'Sec-WebSocket-Key': key,
        'Sec-WebSocket-Protocol': subprotocol,
        Authorization: `Bearer ${bearer}`,
      },
    });
    this.#request.on('error', (error) => this.#end({ kind: 'network', message: describe(error) }));
    this.#request.on('response', (response) => this.#end({ kind: 'refused', status: response.statusCode ?? 0 }));
    this.#request.on('upgrade', (response, socket, head) => this.#upgraded(response, socket, head, key));
    this.#timer = setTimeout(
      () => this.#end({ kind: 'network', message: `no answer within ${options.handshakeMs} ms` }),
      options.handshakeMs,
    );
    this.#request.end();
  }

  /** Bytes handed over and not yet taken by the network. */
  get bufferedBytes(): number {
    return this.#socket?.writableLength ?? 0;
  }

  /** Sends one text message; after the end it is left out, which the owner has heard of. */
  send(message: string): void {
    if (this.#closing === undefined) this.#write(opcodes.text, Buffer.from(message));
  }

  /** Says goodbye; `ended` follows when the server has answered, or after `closeMs`. */
  close(code: number, reason: string): void {
    if (this.#done || this.#closing !== undefined) return;
    this.#closing = { code, reason };
    if (this.#socket === undefined) {
      this.#end({ kind: 'closed', code, reason });
      return;
    }
    this.#write(opcodes.close, closePayload(code, reason));
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#end({ kind: 'closed', code, reason }), this.#options.closeMs);
  }

  /** Cuts the connection at once, for a server that no longer answers. */
  destroy(message: string): void {
    this.#end({ kind: 'network', message });
  }

  #upgraded(response: IncomingMessage, socket: Duplex, head: Buffer, key: string): void {
    if (this.#done) {
      socket.destroy();
      return;
    }
    this.#socket = socket;
    clearTimeout(this.#timer);
    if ('setNoDelay' in socket && typeof socket.setNoDelay === 'function') socket.setNoDelay(true);
    socket.on('error', (error) => this.#end({ kind: 'network', message: describe(error) }));
    socket.on('close', () =>
      this.#end(this.#closing ? { kind: 'closed', ...this.#closing } : { kind: 'network', message: 'connection lost' }),
    );
    const accept = createHash('sha1')
      .update(key + acceptSuffix)
      .digest('base64');
    const headers = response.headers;
    if (headers['sec-websocket-accept'] !== accept || headers.upgrade?.toLowerCase() !== 'websocket') {
      this.#end({ kind: 'network', message: 'the server answered the upgrade wrongly' });
    } else if (headers['sec-websocket-protocol'] !== this.#options.subprotocol) {
      this.#end({ kind: 'network', message: `the server does not speak ${this.#options.subprotocol}` });
    } else if (headers['sec-websocket-extensions'] !== undefined) {
      this.#end({ kind: 'network', message: 'the server set an extension that was not offered' });
    } else {
      this.#events.open();
      socket.on('data', (chunk: Buffer) => this.#read(chunk));
      if (head.length > 0) this.#read(head);
    }
  }

  #read(chunk: Buffer): void {
    if (this.#done) return;
    try {
      this.#reader.push(chunk);
      for (let message = this.#reader.next(); message !== undefined && !this.#done; message = this.#reader.next()) {
        this.#handle(message);
      }
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      this.#write(opcodes.close, closePayload(error.code, error.message));
      this.#end({ kind: 'closed', code: error.code, reason: error.message });
    }
  }

  #handle({ opcode, payload }: Incoming): void {
    if (opcode === opcodes.ping) {
      // A peer that pings and does not read must not make us hold its answers.
      if (this.bufferedBytes < this.#options.maxMessageBytes) this.#write(opcodes.pong, payload);
    } else if (opcode === opcodes.close) {
      const code = payload.length >= 2 ? payload.readUInt16BE(0) : closeCodes.noCode;
      if (this.#closing === undefined)
        this.#write(opcodes.close, closePayload(code === closeCodes.noCode ? closeCodes.normal : code, ''));
      const reason = payload.subarray(2).toString('utf8');
      this.#end({ kind: 'closed', ...(this.#closing ?? { code, reason }) });
    } else if (opcode === opcodes.binary) {
      throw new FrameError(closeCodes.unsupported, 'a message is binary');
    } else if (opcode === opcodes.text && this.#closing === undefined) {
      this.#events.text(this.#decode(payload));
    }
  }

  #decode(payload: Buffer): string {
    try {
      return this.#utf8.decode(payload);
    } catch {
      throw new FrameError(closeCodes.badText, 'a message is not UTF-8');
    }
  }

  #write(opcode: number, payload: Buffer): void {
    const socket = this.#socket;
    if (this.#done || socket === undefined || socket.destroyed || socket.writableEnded) return;
    socket.write(encodeFrame(opcode, payload));
  }

  #end(why: Ended): void {
    if (this.#done) return;
    this.#done = true;
    clearTimeout(this.#timer);
    const socket = this.#socket;
    if (socket === undefined) this.#request.destroy();
    if (why.kind === 'closed' && socket !== undefined && !socket.destroyed) {
      // `end` lets the close frame leave first.
      socket.end();
      setTimeout(() => socket.destroy(), this.#options.closeMs);
    } else {
      socket?.destroy();
    }
    this.#events.ended(why);
  }
}

function closePayload(code: number, reason: string): Buffer {
  const text = Buffer.from(reason).subarray(0, maxControlBytes - 2);
  const payload = Buffer.alloc(2 + text.length);
  payload.writeUInt16BE(code, 0);
  text.copy(payload, 2);
  return payload;
}

function describe(error: Error): string {
  const code = (error as NodeJS.ErrnoException).code;
  return error.message === '' ? (code ?? 'unknown error') : error.message;
}
