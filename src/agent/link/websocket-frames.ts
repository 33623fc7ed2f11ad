import { randomFillSync } from 'node:crypto';

/** Operation codes of RFC 6455, section 5.2. */
export const opcodes = { continuation: 0x0, text: 0x1, binary: 0x2, close: 0x8, ping: 0x9, pong: 0xa } as const;

/** Payload of a control frame, RFC 6455 section 5.5. */
export const maxControlBytes = 125;

/** Close codes of RFC 6455, section 7.4.1. */
export const closeCodes = {
  normal: 1000,
  protocol: 1002,
  unsupported: 1003,
  noCode: 1005,
  badText: 1007,
  policy: 1008,
  tooBig: 1009,
} as const;

/** The peer broke RFC 6455 or our bounds; `code` is what to close with. */
export class FrameError extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** One whole message or control frame, after unfragmenting. */
export interface Incoming {
  opcode: number;
  payload: Buffer;
}

/** One unfragmented client frame: always masked, RFC 6455 section 5.3. */
export function encodeFrame(opcode: number, payload: Buffer): Buffer {
  const extended = payload.length < 126 ? 0 : payload.length < 65_536 ? 2 : 8;
  const header = 2 + extended + 4;
  const frame = Buffer.allocUnsafe(header + payload.length);
  frame[0] = 0x80 | opcode;
  frame[1] = 0x80 | (extended === 0 ? payload.length : extended === 2 ? 126 : 127);
  if (extended === 2) frame.writeUInt16BE(payload.length, 2);
  if (extended === 8) frame.writeBigUInt64BE(BigInt(payload.length), 2);
  const mask = frame.subarray(header - 4, header);
  randomFillSync(mask);
  for (let index = 0; index < payload.length; index += 1) {
    frame[header + index] = (payload[index] as number) ^ (mask[index & 3] as number);
  }
  return frame;
}

interface Header {
  final: boolean;
  opcode: number;
  length: number;
  headerBytes: number;
}

/** Takes the bytes of a server as they come and gives whole messages. Holds at most one message of `maxBytes`. */
export class FrameReader {
  readonly #maxBytes: number;
  /** Bytes not read yet, in arrival order, and how many. */
  #chunks: Buffer[] = [];
  #buffered = 0;
  /** Header of a frame whose payload is not complete yet: read once, however slowly the rest comes. */
  #pending: Header | undefined;
  /** Fragments of the message that is not complete yet. */
  #opcode: number | undefined;
  #fragments: Buffer[] = [];
  #messageBytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#buffered += chunk.length;
  }

  /** The next whole message or control frame, or undefined until more bytes come. Throws `FrameError`. */
  next(): Incoming | undefined {
    for (;;) {
      this.#pending ??= this.#header();
      const header = this.#pending;
      if (header === undefined || this.#buffered < header.headerBytes + header.length) return undefined;
      this.#pending = undefined;
      const payload = this.#take(header.headerBytes + header.length).subarray(header.headerBytes);
      if (header.opcode >= opcodes.close) return { opcode: header.opcode, payload };
      if (header.opcode !== opcodes.continuation) this.#opcode = header.opcode;
      this.#fragments.push(payload);
      this.#messageBytes += payload.length;
      if (header.final) return this.#message();
    }
  }

  #message(): Incoming {
    const message = { opcode: this.#opcode ?? opcodes.continuation, payload: Buffer.concat(this.#fragments) };
    this.#opcode = undefined;
    this.#fragments = [];
    this.#messageBytes = 0;
    return message;
  }

  #header(): Header | undefined {
    const start = this.#peek(10);
    const first = start[0];
    const second = start[1];
    if (first === undefined || second === undefined) return undefined;
    const opcode = first & 0x0f;
    const final = (first & 0x80) !== 0;
    const short = second & 0x7f;
    if ((first & 0x70) !== 0)
      throw new FrameError(closeCodes.protocol, 'a reserved bit is set though no extension was agreed on');
    if ((second & 0x80) !== 0) throw new FrameError(closeCodes.protocol, 'a server frame is masked');
    this.#checkOrder(opcode, final, short);
    const headerBytes = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (start.length < headerBytes) return undefined;
    const length = short < 126 ? short : short === 126 ? start.readUInt16BE(2) : Number(start.readBigUInt64BE(2));
    if (opcode < opcodes.close && (length > this.#maxBytes || this.#messageBytes + length > this.#maxBytes)) {
      throw new FrameError(closeCodes.tooBig, `a message is longer than ${this.#maxBytes} bytes`);
    }
    return { final, opcode, length, headerBytes };
  }

  #checkOrder(opcode: number, final: boolean, short: number): void {
    const known = opcode <= opcodes.binary || (opcode >= opcodes.close && opcode <= opcodes.pong);
    if (!known) throw new FrameError(closeCodes.protocol, `operation code ${opcode} is not known`);
    if (opcode >= opcodes.close) {
      if (!final || short > maxControlBytes)
        throw new FrameError(closeCodes.protocol, 'a control frame is fragmented or too long');
      return;
    }
    const open = this.#opcode !== undefined;
    if (open !== (opcode === opcodes.continuation))
      throw new FrameError(closeCodes.protocol, 'fragments of two messages are mixed');
    // Empty fragments cost us an object each and the peer two bytes.
    if (this.#fragments.length >= 1_024) throw new FrameError(closeCodes.policy, 'a message has more than 1,024 fragments');
  }

  /** At most the first `count` bytes, left where they are. */
  #peek(count: number): Buffer {
    const first = this.#chunks[0];
    if (first === undefined) return Buffer.alloc(0);
    if (first.length >= count || this.#chunks.length === 1) return first.subarray(0, count);
    return Buffer.concat(this.#chunks, Math.min(this.#buffered, count));
  }

  #take(count: number): Buffer {
    const all = this.#chunks.length === 1 ? (this.#chunks[0] as Buffer) : Buffer.concat(this.#chunks);
    const rest = all.subarray(count);
    this.#chunks = rest.length === 0 ? [] : [rest];
    this.#buffered -= count;
    return all.subarray(0, count);
  }
}
