import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { aborted, aliceKey, inWorld } from '../mcp/world.ts';
import { sidelight } from './sidelight.ts';
import { type StdioClient, stdioClients } from './stdio-clients.ts';
import { baseOf, modern, nobodyAt, startPiped, toolsCall, withPipes, withServer } from './stdio-pipes.ts';

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

describe.each(stdioClients)('sidelight stdio, started by $name', { timeout: 60_000 }, ({ connect, failure }) => {
  it('passes on everything the bridge has, what a call answers, and that one is cancelled while others go on', () =>
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
  it('passes on the progress of a call of either era, in order and before its answer', () =>
    inWorld((world) =>
      withPipes(['--base-url', baseOf(world), '--api-key', aliceKey], async (piped) => {
        let before = 0;
        for (const [id, meta] of [{}, modern].entries()) {
          piped.write(toolsCall(id, 'count', { ...meta, progressToken: `p${id}` }));
          await piped.answer(id);
          const lines = piped.lines().slice(before);
          before += lines.length;
          const messages = lines.map((line) => JSON.parse(line) as { params?: { progressToken: string; message: string } });
          expect(messages.map(({ params }) => params?.message)).toEqual(['1 of 3', '2 of 3', '3 of 3', undefined]);
          expect(messages[0]?.params?.progressToken).toBe(`p${id}`);
        }
      }),
    ));

  it('answers requests of either era that the bridge drops, with what to do next', () =>
    withServer(
      (request, response) => {
        request.resume().on('end', () => {
          response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write(': keepalive\n\n');
          setImmediate(() => response.destroy());
        });
      },
      (url) =>
        withPipes(['--base-url', url, '--api-key', aliceKey], async (piped) => {
          const metas = [{}, {}, modern, modern];
          piped.write(...metas.map((meta, id) => toolsCall(id, 'echo', meta)));
          for (const id of metas.keys()) {
            expect(await piped.answer(id)).toMatchObject({
              error: { code: -32_000, message: expect.stringMatching(/ended the connection/), data: { code: 'unavailable' } },
            });
          }
          expect(piped.stderr()).toMatch(/^sidelight stdio: The bridge at .* list_actions/m);
        }),
    ));

  it('says that a server which answers with a page, JSON or an error of its own is no bridge', () => {
    const answers = [
      { status: 200, type: 'text/html', body: '<h1>Hello</h1>' },
      { status: 200, type: 'application/json', body: '{"hello":1}' },
      { status: 502, type: 'text/plain', body: 'Bad Gateway' },
    ];
    let asked = 0;
    return withServer(
      (request, response) => {
        request.resume();
        const { status, type, body } = answers[asked++ % answers.length] as (typeof answers)[number];
        response.writeHead(status, { 'Content-Type': type }).end(body);
      },
      (url) =>
        withPipes(['--base-url', url, '--api-key', aliceKey], async (piped) => {
          for (const [id, { body }] of answers.entries()) {
            piped.write(toolsCall(id, 'echo'));
            const { error } = await piped.answer(id);
            expect(error?.message, body).toMatch(/no Sidelight bridge/);
            expect(error?.data?.next, body).toContain('--base-url');
          }
          expect(asked).toBe(answers.length);
        }),
    );
  });

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
