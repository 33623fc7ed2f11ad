import { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { Random } from '../../agents-sim/random.ts';
import type { Upgrade } from '../../src/hub/hub.ts';
import { subprotocol } from '../../src/protocol/frames.ts';
import type { Machine } from './machine.ts';

const states = { connecting: 0, open: 1, closing: 2, closed: 3 } as const;

/** What happens on the way between agents and replicas: TCP keeps the order and loses nothing but the whole connection. */
export interface WireFaults {
  /** Share of the messages that hold up themselves and all behind them, by up to `maxDelayMs`. */
  late: number;
  maxDelayMs: number;
  /** Share of the messages behind which the connection is cut. */
  cut: number;
  /** Share of the messages from which on nothing gets through, though both sides believe it does. */
  silent: number;
}

/** One end of a connection, with what both sides use of a WebSocket. */
export class End extends EventEmitter {
  readyState: number = states.connecting;
  readonly bufferedAmount = 0;
  isPaused = false;
  readonly #wire: Wire;
  #held: Buffer[] = [];

  constructor(wire: Wire) {
    super();
    this.#wire = wire;
  }

  send(data: string | Uint8Array): void {
    if (this.readyState === states.open) this.#wire.carry(this, Buffer.from(data as string));
  }

  close(code = 1000): void {
    if (this.readyState >= states.closing) return;
    this.readyState = states.closing;
    this.#wire.closing(this, code);
  }

  terminate(): void {
    if (this.readyState === states.closed) return;
    if (this.readyState === states.open) this.#wire.leaving(this);
    this.#wire.cut(this);
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
    if (this.#held.length > 0) this.#wire.machine.after(0, () => this.#release());
  }

  hear(data: Buffer): void {
    if (this.readyState === states.closed) return;
    this.#held.push(data);
    if (!this.isPaused) this.#release();
  }

  ended(code: number): void {
    if (this.readyState === states.closed) return;
    this.#release();
    this.readyState = states.closed;
    this.emit('close', code, Buffer.alloc(0));
  }

  #release(): void {
    while (!this.isPaused || this.readyState >= states.closing) {
      const next = this.#held.shift();
      if (next === undefined) return;
      this.emit('message', next, false);
    }
  }
}

/** A connection. */
export class Wire {
  readonly machine: Machine;
  readonly agent = new End(this);
  readonly bridge = new End(this);
  isSilent = false;
  readonly #network: Network;
  readonly #nextAt = new Map<End, number>();

  constructor(machine: Machine, network: Network) {
    this.machine = machine;
    this.#network = network;
  }

  open(): void {
    this.bridge.readyState = states.open;
    this.#later(this.bridge, () => {
      if (this.agent.readyState !== states.connecting) return;
      this.agent.readyState = states.open;
      this.agent.emit('open');
    });
  }

  carry(from: End, data: Buffer): void {
    const to = this.#other(from);
    const { faults, random } = this.#network;
    this.#network.carried(this, from === this.agent, data);
    if (random.chance(faults.silent)) this.isSilent = true;
    this.#later(from, () => {
      if (to.readyState === states.closed) return;
      this.#network.heard(this, from === this.agent, data);
      to.hear(data);
    });
    if (random.chance(faults.cut)) this.cut();
  }

  /** Whether both sides believe that it stands. */
  get isOpen(): boolean {
    return this.agent.readyState === states.open && this.bridge.readyState === states.open;
  }

  /** A side gives it up. */
  leaving(from: End): void {
    if (from === this.bridge) this.#network.cutByBridge(this);
  }

  closing(from: End, code: number): void {
    const to = this.#other(from);
    this.#later(from, () => {
      to.ended(code);
      this.#later(to, () => from.ended(code));
    });
  }

  /** Without an end the network does it; else that one goes, and the other hears of it when the way is open. */
  cut(by?: End): void {
    if (by !== undefined) this.machine.after(0, () => by.ended(1006));
    for (const end of [this.agent, this.bridge]) if (end !== by) this.#later(this.#other(end), () => end.ended(1006));
  }

  refuse(status: number, said: string): void {
    this.#later(this.bridge, () => {
      const response = Object.assign(new EventEmitter(), { statusCode: status, setEncoding: () => undefined });
      this.agent.readyState = states.closed;
      this.agent.emit('unexpected-response', undefined, response);
      response.emit('data', said);
      response.emit('end');
    });
  }

  unreachable(): void {
    this.#later(this.bridge, () => this.agent.ended(1006));
  }

  #other(end: End): End {
    return end === this.agent ? this.bridge : this.agent;
  }

  #later(from: End, run: () => void): void {
    const { faults, random } = this.#network;
    const ms = random.chance(faults.late) ? random.integer(5, faults.maxDelayMs) : random.integer(0, 2);
    const at = Math.max(this.machine.now + ms, this.#nextAt.get(from) ?? 0);
    this.#nextAt.set(from, at);
    this.machine.after(at - this.machine.now, () => {
      if (!this.isSilent) run();
    });
  }
}

/** All connections between agents and replicas. */
export interface Network {
  faults: WireFaults;
  random: Random;
  /** A message was sent; `byAgent` or by the bridge. */
  carried(wire: Wire, byAgent: boolean, data: Buffer): void;
  /** A bridge gives up a connection that was open. */
  cutByBridge(wire: Wire): void;
  /** A message arrived. */
  heard(wire: Wire, byAgent: boolean, data: Buffer): void;
}

/** Stands for the TCP connection of an upgrade, until it is let in. */
class Asking extends EventEmitter {
  readonly wire: Wire;
  destroyed = false;

  constructor(wire: Wire) {
    super();
    this.wire = wire;
  }

  end(text: string): void {
    const [head = '', body = ''] = text.split('\r\n\r\n');
    this.wire.refuse(Number(head.split(' ')[1]), body);
    this.emit('finish');
  }

  destroy(): void {
    this.destroyed = true;
  }
}

/** Makes the upgrade of a connection that was let in. */
export const upgrade: Upgrade = (_request, socket, _head, opened) => {
  const { wire } = socket as unknown as Asking;
  wire.open();
  opened(wire.bridge as unknown as WebSocket);
};

/** What a hub gets of an agent that knocks. */
export function knock(wire: Wire, key: string): [IncomingMessage, Duplex, Buffer] {
  const headers = { authorization: `Bearer ${key}`, 'sec-websocket-protocol': subprotocol };
  const request = { url: '/agent', headers, socket: { remoteAddress: '10.0.0.9' } };
  return [request as unknown as IncomingMessage, new Asking(wire) as unknown as Duplex, Buffer.alloc(0)];
}
