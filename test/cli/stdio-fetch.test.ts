import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { fetchUnlessSilent } from '../../src/cli/stdio-fetch.ts';
import { createTestClock, type TestClock } from '../helpers/clock.ts';

const maxSilentMs = 60_000;

interface Conversation {
  clock: TestClock;
  ask(signal?: AbortSignal): Promise<Response>;
  /** The server's side of the newest request, once it is there. */
  asked(): Promise<ServerResponse>;
}

/** A server that says what the test says, and a clock that moves when the test moves it. */
async function inConversation(run: (conversation: Conversation) => Promise<void>): Promise<void> {
  const waiting: ((response: ServerResponse) => void)[] = [];
  const server = createServer((_request, response) => waiting.shift()?.(response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const clock = createTestClock();
  const impatient = fetchUnlessSilent(clock, maxSilentMs);
  try {
    await run({
      clock,
      ask: (signal) => impatient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, { signal: signal ?? null }),
      asked: () => new Promise((resolve) => waiting.push(resolve)),
    });
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

describe('a fetch that gives up on silence', () => {
  it('fails when no answer comes, and says so', () =>
    inConversation(async ({ clock, ask, asked }) => {
      const isAsked = asked();
      const answer = ask().catch((error: Error) => error.cause);
      await isAsked;
      clock.advance(maxSilentMs);
      expect(await answer).toMatchObject({ message: 'nothing came for 60 s' });
    }));

  it('waits as long as anything comes, and fails when it stops', () =>
    inConversation(async ({ clock, ask, asked }) => {
      const isAsked = asked();
      const answer = ask();
      const other = await isAsked;
      other.writeHead(200, { 'Content-Type': 'text/event-stream' }).flushHeaders();
      const { status, headers, body } = await answer;
      expect({ status, type: headers.get('content-type') }).toEqual({ status: 200, type: 'text/event-stream' });
      const reader = (body as ReadableStream<Uint8Array>).getReader();
      for (const said of ['one', 'two', 'three']) {
        clock.advance(maxSilentMs - 1);
        other.write(said);
        expect(Buffer.from((await reader.read()).value ?? []).toString()).toBe(said);
      }
      clock.advance(maxSilentMs);
      await expect(reader.read()).rejects.toThrow(/silent/);
    }));

  it('ends when it is told to, before and after the answer began', () =>
    inConversation(async ({ ask, asked }) => {
      const leaving = new AbortController();
      const firstAsked = asked();
      const none = ask(leaving.signal).catch((error: Error) => error.name);
      await firstAsked;
      const secondAsked = asked();
      const begun = ask(leaving.signal);
      (await secondAsked).writeHead(200).flushHeaders();
      const response = await begun;
      leaving.abort();
      expect(await none).toBe('AbortError');
      await expect(response.text()).rejects.toThrow(/abort/i);
    }));
});
