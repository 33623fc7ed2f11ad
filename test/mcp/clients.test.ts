import { describe, expect, it } from 'vitest';
import { instructions } from '../../src/mcp/instructions.ts';
import { clients } from './clients.ts';
import { aborted, aliceKey, bobKey, inWorld } from './world.ts';

describe.each(clients)('a client of $name', ({ connect, era }) => {
  it('learns who the server is and how to work with it', () =>
    inWorld(async ({ url }) => {
      const client = await connect(url, aliceKey);
      expect(client.server).toMatchObject({ name: 'sidelight', title: 'Sidelight', version: '1.2.3' });
      expect(client.instructions).toBe(instructions);
      await client.close();
    }));

  it('is listed the tools its caller could use, in the same order every time', () =>
    inWorld(async ({ url }) => {
      const [alice, bob] = [await connect(url, aliceKey), await connect(url, bobKey)];
      expect((await alice.list()).map((tool) => tool.name)).toEqual(['count', 'echo', 'hold', 'refuse']);
      expect((await bob.list()).map((tool) => tool.name)).toEqual(['echo']);
      await Promise.all([alice.close(), bob.close()]);
    }));

  it('gets an answer as text and as data, with the request id and where the time went', () =>
    inWorld(async ({ url, seen }) => {
      const client = await connect(url, aliceKey);
      await client.list();
      const result = await client.call('echo', { file: 'a.ts', line: 7 });
      const requestId = seen[0]?.request.requestId;
      expect(result).toMatchObject({
        content: [{ type: 'text', text: 'It worked.' }],
        structuredContent: { requestId, echoed: { file: 'a.ts', line: 7 } },
        isError: false,
        _meta: { 'sidelight/requestId': requestId, 'sidelight/latencyMs': { total: 1 } },
      });
      expect(requestId).toMatch(/^req_/);
      await client.close();
    }));

  it('is known to the spine by its caller, its name and its address, and by whether it hears progress', () =>
    inWorld(async ({ url, seen }) => {
      const client = await connect(url, aliceKey);
      await client.call('echo', {});
      expect(seen[0]?.principal.subject).toBe(`key:${aliceKey}`);
      expect(seen[0]?.request).toMatchObject({ client: 'test-client/9.8.7', address: '127.0.0.1', hasProgress: false });
      await client.call('echo', {}, { onprogress: () => undefined });
      expect(seen[1]?.request).toMatchObject({ client: 'test-client/9.8.7', hasProgress: true });
      await client.close();
    }));

  it('gets a refusal as a result that passes the output schema', () =>
    inWorld(async ({ url }) => {
      const client = await connect(url, aliceKey);
      await client.list();
      const result = await client.call('refuse', {});
      expect(result.isError).toBe(true);
      expect(result.structuredContent).toMatchObject({ error: { code: 'invalid_input', field: 'line', next: 'Take another.' } });
      await client.close();
    }));

  it(`is told of an unknown tool ${era === 'modern' ? 'as a protocol error' : 'in a result the model can read'}`, () =>
    inWorld(async ({ url }) => {
      const client = await connect(url, aliceKey);
      const calling = client.call('no_such_tool', {});
      if (era === 'modern') await expect(calling).rejects.toMatchObject({ code: -32_602, data: { code: 'unsupported_tool' } });
      else expect(await calling).toMatchObject({ isError: true, structuredContent: { error: { code: 'unsupported_tool' } } });
      await client.close();
    }));

  it('hears progress that only ever grows', () =>
    inWorld(async ({ url }) => {
      const client = await connect(url, aliceKey);
      const heard: number[] = [];
      await client.call('count', {}, { onprogress: ({ progress }) => heard.push(progress) });
      expect(heard).toEqual([1, 2, 3]);
      await client.close();
    }));

  it('stops the work of a call it aborts', () =>
    inWorld(async ({ url, held }) => {
      const client = await connect(url, aliceKey);
      const abort = new AbortController();
      const calling = client.call('hold', {}, { signal: abort.signal });
      const { signal } = await held();
      abort.abort();
      await expect(calling).rejects.toThrow();
      await aborted(signal);
      await client.close();
    }));

  it('stops the work of a call that timed out for it', () =>
    inWorld(async ({ url, held }) => {
      const client = await connect(url, aliceKey);
      const calling = client.call('hold', {}, { timeout: 200 });
      const { signal } = await held();
      await expect(calling).rejects.toThrow(/timed out/i);
      await aborted(signal);
      await client.close();
    }));

  it('stops the work of its calls when it disconnects', () =>
    inWorld(async ({ url, held }) => {
      const client = await connect(url, aliceKey);
      const calling = client.call('hold', {});
      const { signal } = await held();
      await client.close();
      await expect(calling).rejects.toThrow();
      await aborted(signal);
    }));

  it('gets an answer for a call that a shutdown cuts short, and none for the next', () =>
    inWorld(async ({ url, app, held }) => {
      const client = await connect(url, aliceKey);
      const calling = client.call('hold', {});
      await held();
      await app.close(2_000);
      expect(await calling).toMatchObject({ isError: true, structuredContent: { error: { code: 'unavailable' } } });
      await expect(client.call('echo', {})).rejects.toThrow();
      await client.close();
    }));
});
