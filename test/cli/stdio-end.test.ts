import { describe, expect, it } from 'vitest';
import { aborted, aliceKey, inWorld } from '../mcp/world.ts';
import { baseOf, modern, nobodyAt, type Reply, toolsCall, withPipes } from './stdio-pipes.ts';

const toolsList = (id: number) => ({ jsonrpc: '2.0', id, method: 'tools/list' });
const repliesOf = (lines: string[]) => lines.map((line) => JSON.parse(line) as Reply);
const byId = (replies: Reply[]) => new Map(replies.map((reply) => [reply.id, reply]));

// As `echo '…' | sidelight stdio` does, by which people try it out.
describe.concurrent('what was asked on stdin before it ended', { timeout: 60_000 }, () => {
  it('is answered, and then the command ends', ({ expect }) =>
    inWorld((world) =>
      withPipes(['--base-url', baseOf(world), '--api-key', aliceKey], async (piped) => {
        piped.write(toolsList(1), toolsCall(2, 'count', { progressToken: 'p' }), toolsCall(3, 'echo', modern));
        expect(await piped.end()).toBe(0);
        const replies = byId(repliesOf(piped.lines()));
        expect(replies.get(1)).toMatchObject({ result: { tools: [{}, {}, {}, {}] } });
        expect(replies.get(2)).toMatchObject({ result: { structuredContent: { counted: true } } });
        expect(replies.get(3)).toMatchObject({ result: { structuredContent: { echoed: {} } } });
        expect(piped.stderr()).toBe('');
      }),
    ));

  it('is answered when its last line has no line feed', ({ expect }) =>
    inWorld((world) =>
      withPipes(['--base-url', baseOf(world), '--api-key', aliceKey], async (piped) => {
        piped.child.stdin?.write(JSON.stringify(toolsCall(1, 'echo')));
        expect(await piped.end()).toBe(0);
        expect(repliesOf(piped.lines())).toMatchObject([{ id: 1, result: { structuredContent: { echoed: {} } } }]);
      }),
    ));

  it('reaches the bridge when nobody waits for an answer to it', ({ expect }) =>
    inWorld((world) =>
      withPipes(['--base-url', baseOf(world), '--api-key', aliceKey], async (piped) => {
        piped.write(toolsCall(1, 'hold'));
        const { signal } = await world.held();
        piped.write({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } });
        const endedAt = performance.now();
        expect(await piped.end()).toBe(0);
        expect(performance.now() - endedAt).toBeLessThan(8_000);
        await aborted(signal);
        expect(piped.lines()).toEqual([]);
      }),
    ));

  it('is answered with why it cannot be when there is no bridge', async ({ expect }) => {
    const url = await nobodyAt();
    await withPipes(['--base-url', url, '--api-key', aliceKey], async (piped) => {
      piped.write(toolsCall(1, 'echo'));
      expect(await piped.end()).toBe(0);
      expect(repliesOf(piped.lines())).toMatchObject([{ id: 1, error: { data: { code: 'unavailable' } } }]);
    });
  });

  it('is cancelled in both eras when it takes longer than one waits for the rest, and stderr says so', ({ expect }) =>
    inWorld((world) =>
      withPipes(['--base-url', baseOf(world), '--api-key', aliceKey], async (piped) => {
        piped.write(toolsCall(1, 'hold'), toolsCall(2, 'hold', modern));
        const held = [await world.held(), await world.held()];
        expect(await piped.end()).toBe(0);
        for (const { signal } of held) await aborted(signal);
        expect(piped.lines()).toEqual([]);
        expect(piped.stderr()).toMatch(/^sidelight stdio: stdin has ended and 2 answers are outstanding .* Keep stdin open/);
      }),
    ));
});

describe('sidelight stdio', () => {
  it('ends at once when nobody reads its answers any more', () =>
    inWorld((world) =>
      withPipes(['--base-url', baseOf(world), '--api-key', aliceKey], async (piped) => {
        piped.child.stdout?.destroy();
        piped.write(toolsCall(1, 'hold'), toolsCall(2, 'echo'));
        const { signal } = await world.held();
        await aborted(signal);
        expect(await piped.closed).toBe(0);
      }),
    ));

  it('refuses a batch to each who asked in it, and goes on', () =>
    inWorld((world) =>
      withPipes(['--base-url', baseOf(world), '--api-key', aliceKey], async (piped) => {
        const told = { jsonrpc: '2.0', method: 'notifications/initialized' };
        piped.write([toolsList(1), told, toolsCall(2, 'echo')], toolsCall(3, 'echo'));
        for (const id of [1, 2]) expect(await piped.answer(id)).toMatchObject({ error: { code: -32_600 } });
        expect(await piped.answer(3)).toMatchObject({ result: { structuredContent: { echoed: {} } } });
        expect(world.seen).toHaveLength(1);
        piped.write([]);
        expect(await piped.answer(undefined)).toMatchObject({
          error: { message: expect.stringMatching(/^Batches are not taken/) },
        });
      }),
    ));
});
