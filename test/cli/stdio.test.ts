import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { aborted, aliceKey, inWorld, type World } from '../mcp/world.ts';
import { sidelight } from './sidelight.ts';
import { type Piped, type StdioClient, startPiped, stdioClients } from './stdio-clients.ts';

const baseOf = ({ port }: World) => `http://127.0.0.1:${port}`;
const toolsCall = (id: number, name: string, meta: object = {}) => ({
  ...{ jsonrpc: '2.0', id, method: 'tools/call' },
  params: { name, arguments: {}, _meta: meta },
});
const modern = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
};
/** A client hears well within its own patience, a minute, that there is no bridge. */
const promptMs = 15_000;

async function withClient(connecting: Promise<StdioClient>, run: (client: StdioClient) => Promise<void>): Promise<void> {
  const client = await connecting;
  try {
    await run(client);
  } finally {
    await client.close();
  }
}

/** Runs the command on pipes against a bridge, and sees that nothing but protocol came out of it. */
async function withPipes(args: string[], run: (piped: Piped) => Promise<void>): Promise<void> {
  const piped = startPiped(args);
  try {
    await run(piped);
    expect(await piped.end()).toBe(0);
    for (const line of piped.lines()) expect(JSON.parse(line)).toMatchObject({ jsonrpc: '2.0' });
  } finally {
    piped.child.kill('SIGKILL');
  }
}

/** A server that is no bridge, on a free loopback port. */
async function withServer(serve: RequestListener, run: (url: string) => Promise<void>): Promise<void> {
  const server: Server = createServer(serve);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  try {
    await run(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

/** The URL of a port where nobody listens any more. */
async function nobodyAt(): Promise<string> {
  let gone = '';
  await withServer(
    () => undefined,
    async (url) => {
      gone = url;
    },
  );
  return gone;
}

describe.each(stdioClients)('sidelight stdio, started by $name', { timeout: 60_000 }, ({ connect, failure }) => {
  it('passes on everything the bridge has, and what a call answers', () =>
    inWorld((world) =>
      withClient(connect(baseOf(world), aliceKey), async (client) => {
        expect(client.version).toBe('1.2.3');
        expect(await client.names('tools')).toEqual(['count', 'echo', 'hold', 'refuse']);
        expect(await client.call('echo', { a: 'ü' })).toMatchObject({
          structuredContent: { echoed: { a: 'ü' } },
          isError: false,
        });
        expect(await client.call('refuse')).toMatchObject({ structuredContent: { error: { field: 'line' } }, isError: true });
        expect(world.seen[0]?.request).toMatchObject({ client: 'stdio-client/1.0.0' });
      }),
    ));

  it('ends a call on the bridge when it is cancelled, and goes on with the others', () =>
    inWorld((world) =>
      withClient(connect(baseOf(world), aliceKey), async (client) => {
        const leaving = new AbortController();
        const held = client.call('hold', {}, { signal: leaving.signal });
        const rejected = expect(held).rejects.toThrow();
        const { signal } = await world.held();
        const others = await Promise.all([1, 2, 3, 4, 5].map((n) => client.call('echo', { n })));
        expect(others.map(({ structuredContent }) => structuredContent)).toMatchObject(
          [1, 2, 3, 4, 5].map((n) => ({ echoed: { n } })),
        );
        leaving.abort();
        await rejected;
        await aborted(signal);
        expect(await client.call('echo', { n: 6 })).toMatchObject({ structuredContent: { echoed: { n: 6 } } });
        expect(client.stderr()).toBe('');
      }),
    ));

  it('says at once that there is no bridge, and how to mend it', async () => {
    const url = await nobodyAt();
    const startedAt = performance.now();
    await expect(connect(url, aliceKey)).rejects.toThrow(failure ?? /does not answer \(ECONNREFUSED\)/);
    expect(performance.now() - startedAt).toBeLessThan(promptMs);
  });

  it('says at once that the key is wrong', () =>
    inWorld((world) => expect(connect(baseOf(world), 'slk_wrong')).rejects.toThrow(failure ?? /The key is "unknown"/)));
});

describe('sidelight stdio', () => {
  it.each([
    { era: 'the 2025 era', meta: {} },
    { era: 'the 2026 era', meta: modern },
  ])('passes on the progress of a call of $era, in order and before its answer', ({ meta }) =>
    inWorld((world) =>
      withPipes(['--base-url', baseOf(world), '--api-key', aliceKey], async (piped) => {
        piped.write(toolsCall(1, 'count', { ...meta, progressToken: 'p' }));
        await piped.answer(1);
        const messages = piped.lines().map((line) => JSON.parse(line) as { params?: { progressToken: string; message: string } });
        expect(messages.map(({ params }) => params?.message)).toEqual(['1 of 3', '2 of 3', '3 of 3', undefined]);
        expect(messages[0]?.params?.progressToken).toBe('p');
      }),
    ),
  );

  it.each([
    { era: 'the 2025 era', meta: {} },
    { era: 'the 2026 era', meta: modern },
  ])('answers a request of $era that the bridge drops, with what to do next', ({ meta }) =>
    withServer(
      (request, response) => {
        request.resume().on('end', () => {
          response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write(': keepalive\n\n');
          setImmediate(() => response.destroy());
        });
      },
      (url) =>
        withPipes(['--base-url', url, '--api-key', aliceKey], async (piped) => {
          piped.write(toolsCall(1, 'echo', meta), toolsCall(2, 'echo', meta));
          for (const id of [1, 2]) {
            expect(await piped.answer(id)).toMatchObject({
              error: { code: -32_000, message: expect.stringMatching(/ended the connection/), data: { code: 'unavailable' } },
            });
          }
          expect(piped.stderr()).toMatch(/^sidelight stdio: The bridge at .* list_actions/m);
        }),
    ),
  );

  it.each([
    { what: 'a page', status: 200, type: 'text/html', body: '<h1>Hello</h1>' },
    { what: 'JSON of its own', status: 200, type: 'application/json', body: '{"hello":1}' },
    { what: 'an error of its own', status: 502, type: 'text/plain', body: 'Bad Gateway' },
  ])('says that a server which answers with $what is no bridge', ({ status, type, body }) =>
    withServer(
      (request, response) => {
        request.resume();
        response.writeHead(status, { 'Content-Type': type }).end(body);
      },
      (url) =>
        withPipes(['--base-url', url, '--api-key', aliceKey], async (piped) => {
          piped.write(toolsCall(1, 'echo'));
          const { error } = await piped.answer(1);
          expect(error?.message).toMatch(/no Sidelight bridge/);
          expect(error?.data?.next).toContain('--base-url');
        }),
    ),
  );

  it('gives the refusal of the bridge as it is, with the id of the request', () =>
    inWorld((world) =>
      withPipes(['--base-url', baseOf(world), '--api-key', aliceKey], async (piped) => {
        piped.write({ ...toolsCall(7, 'echo'), params: { name: 'echo', arguments: { pad: 'x'.repeat(70_000) } } });
        expect(await piped.answer(7)).toMatchObject({
          error: { data: { code: 'payload_too_large', requestId: expect.stringMatching(/^req_/) } },
        });
      }),
    ));

  it('answers a line that is no message, and goes on', () =>
    inWorld((world) =>
      withPipes(['--base-url', `${baseOf(world)}/mcp`, '--api-key', aliceKey], async (piped) => {
        piped.write('{"jsonrpc":"2.0"}', '', toolsCall(1, 'echo'));
        expect(await piped.answer(undefined)).toMatchObject({ error: { code: -32_600 } });
        expect(await piped.answer(1)).toMatchObject({ result: { structuredContent: { echoed: {} } } });
      }),
    ));

  it.each([
    { era: 'the 2025 era', meta: {} },
    { era: 'the 2026 era', meta: modern },
  ])('ends with its stdin, and takes with it a call of $era that is under way', ({ meta }) =>
    inWorld((world) =>
      withPipes(['--base-url', baseOf(world), '--api-key', aliceKey], async (piped) => {
        piped.write(toolsCall(1, 'hold', meta));
        const { signal } = await world.held();
        expect(await piped.end()).toBe(0);
        await aborted(signal);
        expect(piped.lines()).toEqual([]);
      }),
    ),
  );

  it('starts without a bridge, a database or a home', async () => {
    const home = await mkdtemp(join(tmpdir(), 'sidelight-stdio-'));
    const piped = startPiped([], { HOME: home, SIDELIGHT_API_KEY: aliceKey, SIDELIGHT_BASE_URL: await nobodyAt() });
    piped.write(toolsCall(1, 'echo'));
    expect(await piped.answer(1)).toMatchObject({ error: { data: { next: expect.stringContaining('SIDELIGHT_BASE_URL') } } });
    expect(await piped.end()).toBe(0);
    expect(await readdir(home)).toEqual([]);
    await rm(home, { recursive: true });
  });

  it.each([
    { what: 'no key', args: [], code: 2, says: /SIDELIGHT_API_KEY/ },
    { what: 'a key that no header can hold', args: ['--api-key', 'slk_a b'], code: 1, says: /--api-key/ },
    { what: 'no URL', args: ['--api-key', 'k', '--base-url', 'localhost:7433'], code: 1, says: /--base-url/ },
    { what: 'a password in the URL', args: ['--api-key', 'k', '--base-url', 'http://a:hunter2@b'], code: 1, says: /--base-url/ },
    { what: 'a flag it does not know', args: ['--key', 'k'], code: 2, says: /--key/ },
  ])('ends with a sentence when it gets $what', async ({ args, code, says }) => {
    const ran = await sidelight('stdio', ...args);
    expect(ran).toMatchObject({ code, stdout: '', stderr: expect.stringMatching(says) });
    expect(ran.stderr).not.toMatch(/hunter2|slk_a b|^\s+at /m);
  });

  it.each([
    { flag: '--help', says: /^sidelight stdio .*SIDELIGHT_API_KEY/s },
    { flag: '-h', says: /^sidelight stdio / },
    { flag: '--version', says: /^\d+\.\d+\.\d+\n$/ },
    { flag: '-v', says: /^\d+\.\d+\.\d+\n$/ },
  ])('answers $flag without a key', async ({ flag, says }) => {
    expect(await sidelight('stdio', flag)).toMatchObject({ code: 0, stdout: expect.stringMatching(says), stderr: '' });
  });
});
