import { chown, lchown, mkdtemp, rename, rm, symlink } from 'node:fs/promises';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { askControl, type ControlHandler, serveControl } from '../src/control.ts';
import { Refusal } from '../src/lib/refusal.ts';

let directory: string;
let lines: string[];
let door: { close(): Promise<void> };
let socket: string;

const handlers: Record<string, (input: Record<string, unknown>) => Promise<unknown>> = {
  echo: async (input) => input,
  refuse: async () => {
    throw new Refusal({ code: 'not_found', message: 'There is none.', field: 'id', next: 'Look again.' });
  },
  break: async () => {
    throw new Error('a defect with its reasons');
  },
};
const handle: ControlHandler = async (order, input) => handlers[order]?.(input);

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sidelight-control-'));
  socket = join(directory, 'control.sock');
  lines = [];
  door = await serveControl(directory, handle, pino({}, { write: (line: string) => void lines.push(line) }));
});
afterEach(async () => {
  await door.close();
  await rm(directory, { recursive: true, force: true });
});

/** Sends a body in pieces, without telling its length. */
function send(pieces: string[]): Promise<{ status: number; body: string }> {
  return new Promise((done, fail) => {
    const asking = request({ socketPath: socket, method: 'POST', path: '/' }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (piece: string) => {
        body += piece;
      });
      response.on('end', () => done({ status: response.statusCode ?? 0, body }));
    });
    asking.on('error', fail);
    for (const piece of pieces) asking.write(piece);
    asking.end();
  });
}

async function held(text: string): Promise<Socket> {
  const open = connect(socket);
  open.on('error', () => undefined);
  await new Promise((done) => open.once('connect', done));
  open.write(text);
  return open;
}

describe("the operator's door", () => {
  it('carries out an order, and hands a refusal on as it is', async () => {
    expect(await askControl(directory, 'echo', { a: 1 })).toEqual({ result: { a: 1 } });
    await expect(askControl(directory, 'refuse', {})).rejects.toMatchObject({
      details: { code: 'not_found', message: 'There is none.', field: 'id', next: 'Look again.' },
    });
  });

  it('keeps a defect to the log, where it is', async () => {
    await expect(askControl(directory, 'break', {})).rejects.toMatchObject({ code: 'internal_error' });
    expect(lines.join('')).toContain('a defect with its reasons');
  });

  it.each([
    { what: 'no JSON', pieces: ['{'], code: 'invalid_input' },
    { what: 'no order', pieces: ['{"input":{}}'], code: 'invalid_input' },
    { what: 'null', pieces: ['null'], code: 'invalid_input' },
    { what: 'an order without its input', pieces: ['{"order":"echo"}'], code: 'invalid_input' },
    {
      what: 'more than it takes, however long it said it is',
      pieces: Array(80).fill('x'.repeat(1024)),
      code: 'payload_too_large',
    },
  ])('refuses $what', async ({ pieces, code }) => {
    const { body } = await send(pieces);
    expect(JSON.parse(body)).toMatchObject({ code });
    expect(lines).toEqual([]);
  });

  it.each([
    { what: 'says nothing', text: '' },
    { what: 'stops in the middle of its headers', text: 'POST / HTTP/1.1\r\nHost: x\r\n' },
    { what: 'stops in the middle of its order', text: 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{' },
  ])('closes although somebody holds a connection who $what', async ({ text }) => {
    const open = await held(text);
    const startedAt = performance.now();
    await door.close();
    expect(performance.now() - startedAt).toBeLessThan(2_500);
    open.destroy();
  });

  it('lets an order in hand finish before it closes', async () => {
    let finish = () => {};
    const inHand = new Promise<void>((begun) => {
      handlers.slow = () => {
        begun();
        return new Promise((done) => {
          finish = () => done('done');
        });
      };
    });
    const answer = askControl(directory, 'slow', {});
    await inHand;
    const closed = door.close();
    for (let turn = 0; turn < 5; turn += 1) await new Promise((done) => setImmediate(done));
    finish();
    expect(await answer).toEqual({ result: 'done' });
    await closed;
  });

  it('refuses a directory that is not there by its name', async () => {
    const missing = join(directory, 'missing');
    await expect(serveControl(missing, handle, pino({ level: 'silent' }))).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining(missing),
    });
  });

  it.skipIf(process.getuid?.() !== 0)('is not asked where another user of this machine opened it', async () => {
    const thief = 65_534;
    await lchown(socket, thief, thief);
    await expect(askControl(directory, 'echo', {})).rejects.toMatchObject({
      details: { code: 'unavailable', message: expect.stringContaining('another user') },
    });
    await chown(directory, thief, thief); // whoever owns the data may answer for it
    expect(await askControl(directory, 'echo', { a: 1 })).toEqual({ result: { a: 1 } });
    const link = join(directory, 'link');
    await rename(socket, link);
    await symlink(link, socket);
    expect(await askControl(directory, 'echo', {}).catch(({ code }) => code)).toBe('unavailable');
  });

  it('answers nothing where no bridge runs', async () => {
    await door.close();
    expect(await askControl(directory, 'echo', {})).toBeUndefined();
    door = { close: async () => undefined };
  });
});
