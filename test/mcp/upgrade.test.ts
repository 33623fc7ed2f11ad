import { connect, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { legacyCall } from './send.ts';
import { aliceKey, inWorld, type World } from './world.ts';

const h2c = 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n';
const call = JSON.stringify(legacyCall('echo'));

function head({ port }: World, offer: string, rest = `Content-Length: ${Buffer.byteLength(call)}\r\n`): string {
  return [
    'POST /mcp HTTP/1.1',
    `Host: 127.0.0.1:${port}`,
    `Authorization: Bearer ${aliceKey}`,
    'Content-Type: application/json',
    'Accept: application/json, text/event-stream',
    `${offer}${rest}\r\n`,
  ].join('\r\n');
}

/** What comes back on one connection, as text. */
class Wire {
  readonly #socket: Socket;
  #received = '';
  #heard: () => void = () => undefined;

  constructor({ port }: World) {
    this.#socket = connect(port, '127.0.0.1');
    this.#socket.setNoDelay(true);
    this.#socket.on('data', (bytes) => {
      this.#received += bytes.toString('latin1');
      this.#heard();
    });
    this.#socket.on('close', () => this.#heard());
  }

  send(text: string): Promise<void> {
    return new Promise((resolve) => this.#socket.write(text, () => resolve()));
  }

  /** Everything up to and with `text`; what was read is taken off. */
  async until(text: string): Promise<string> {
    while (!this.#received.includes(text)) {
      if (this.#socket.destroyed) throw new Error(`Closed after ${JSON.stringify(this.#received)}`);
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
      });
    }
    const end = this.#received.indexOf(text) + text.length;
    const read = this.#received.slice(0, end);
    this.#received = this.#received.slice(end);
    return read;
  }

  close(): void {
    this.#socket.destroy();
  }
}

const onWire = (run: (wire: Wire, world: World) => Promise<void>) =>
  inWorld(async (world) => {
    const wire = new Wire(world);
    try {
      await run(wire, world);
    } finally {
      wire.close();
    }
  });

describe('a client that offers HTTP/2 with its request', () => {
  it.each(['h2c', 'h2c, foo/2', 'TLS/1.0'])('of %s is answered in HTTP/1.1, and so is its next request', (protocol) =>
    onWire(async (wire, world) => {
      const offer = h2c.replace('h2c', protocol);
      await wire.send(head(world, offer) + call);
      const first = await wire.until('"echoed"');
      expect(first).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
      await wire.until('0\r\n\r\n');
      await wire.send(head(world, '') + call);
      expect(await wire.until('"echoed"')).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
      expect(world.seen.map(({ request }) => request.tool)).toEqual(['echo', 'echo']);
    }),
  );

  it('is answered when its body comes later, or in chunks', () =>
    onWire(async (wire, world) => {
      await wire.send(head(world, h2c));
      await wire.send(call.slice(0, 20));
      await wire.send(call.slice(20));
      await wire.until('"echoed"');
      await wire.until('0\r\n\r\n');
      await wire.send(head(world, h2c, 'Transfer-Encoding: chunked\r\n'));
      await wire.send(`${call.length.toString(16)}\r\n${call}\r\n0\r\n\r\n`);
      expect(await wire.until('"echoed"')).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    }));

  it('is held to the same rules: without a key it gets 401', () =>
    onWire(async (wire, world) => {
      await wire.send(head(world, h2c).replace(/Authorization.*\r\n/, '') + call);
      expect(await wire.until('missing_token')).toMatch(/^HTTP\/1\.1 401 /);
    }));

  it('keeps the connection only as long as it asks for', () =>
    onWire(async (wire, world) => {
      const closing = h2c.replace('Upgrade, HTTP2', 'close, Upgrade, HTTP2');
      await wire.send(head(world, closing).replace(/Authorization.*\r\n/, '') + call);
      expect(await wire.until('\r\n\r\n')).toMatch(/connection: close/i);
    }));
});

describe('a client that asks for a WebSocket', () => {
  it('is handed to those who speak it', () =>
    onWire(async (wire, world) => {
      await wire.send(
        `GET /agent HTTP/1.1\r\nHost: 127.0.0.1:${world.port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
      );
      expect(await wire.until('\r\n\r\n')).toMatch(/^HTTP\/1\.1 101 /);
    }));
});
