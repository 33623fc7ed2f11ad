import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SimulatedAgent } from '../../agents-sim/agent.ts';
import { createRandom, freshSeed } from '../../agents-sim/random.ts';
import { type Route, routes } from '../../src/api/routes.ts';
import { allResources } from '../../src/mcp/resources/all.ts';
import { startBridge, type TestBridge } from '../helpers/bridge.ts';
import { clients, type TestClient } from '../mcp/clients.ts';
import { type Caller, connectCaller, enrolmentKey, foreignKey, onCheckout, startAgent } from './world.ts';

/** One organisation with a program, a live action and one that has hits: everything of it that has an id. */
interface World {
  org: string;
  key: string;
  caller: Caller;
  client: TestClient;
  agent: SimulatedAgent;
  liveId: string;
  hitId: string;
  investigation: string;
  /** Cursors of its own lists. */
  cursors: Record<string, string>;
}

let bridge: TestBridge;
let acme: World;
let globex: World;

// Both run the same service in the same pool, so that nothing but the organisation keeps them apart.
async function startWorld(org: string): Promise<World> {
  const key = await foreignKey(bridge, org);
  const enrolKey = await enrolmentKey(bridge, { org });
  const agent = await startAgent({ agentUrl: bridge.agentUrl, enrolKey }, { id: `agent-of-${org}` });
  const caller = await connectCaller(bridge.mcpUrl, key);
  const place = async (extra: object) =>
    (await caller.call('take_snapshot', { ...onCheckout, timeoutSeconds: 600, ...extra })).structured;
  const live = await place({ waitSeconds: 0, condition: 'price < 0' });
  const withHits = await place({ waitSeconds: 0, maxHits: 2 });
  agent.pass();
  agent.pass();
  await caller.call('wait_for_hits', { actionId: withHits.actionId });
  const other = await startAgent({ agentUrl: bridge.agentUrl, enrolKey }, { id: `second-of-${org}` });
  const cursors = {
    list_sources: (await caller.call('list_sources', { limit: 1 })).structured.nextCursor ?? '',
    list_actions: (await caller.call('list_actions', { limit: 1 })).structured.nextCursor ?? '',
  };
  await other.stop();
  const [first] = clients;
  return {
    ...{ org, key, caller, agent, cursors, investigation: live.investigation },
    ...{ liveId: live.actionId, hitId: withHits.actionId, client: await first.connect(bridge.mcpUrl, key) },
  };
}

beforeAll(async () => {
  bridge = await startBridge();
  acme = await startWorld('acme');
  globex = await startWorld('globex');
}, 60_000);
afterAll(async () => {
  for (const world of [acme, globex]) {
    await world?.caller.close();
    await world?.client.close();
    await world?.agent.stop();
  }
  await bridge?.close();
});

/** Calls with an id of `of` in every argument that takes one. */
function callsWith(of: World): Record<string, Record<string, unknown>[]> {
  const ids = [of.liveId, of.hitId];
  const onAgent = { ...onCheckout, source: { agentIds: [of.agent.id] }, waitSeconds: 0 };
  const place = [onAgent];
  return {
    take_snapshot: place,
    add_log: [{ ...onAgent, template: 'x' }],
    count_hits: place,
    measure_duration: place,
    measure_value: [{ ...onAgent, expression: 'price' }],
    locate: [{ source: { agentIds: [of.agent.id] }, function: 'total' }],
    wait_for_hits: ids.map((actionId) => ({ actionId, waitSeconds: 0 })),
    get_hits: ids.flatMap((actionId) => [
      { actionId, view: 'summary' },
      { actionId, view: 'raw' },
      { actionId, view: 'path', path: 'price' },
    ]),
    compare_hits: ids.map((id) => ({ a: { actionIds: [id] }, b: { actionIds: [of.hitId] } })),
    explain: ids.map((actionId) => ({ actionId })),
    cancel_actions: [...ids.map((id) => ({ actionIds: [id] })), { investigation: of.investigation }],
    list_actions: [{ investigation: of.investigation }, { cursor: of.cursors.list_actions }],
    list_sources: [{ query: of.agent.id }, { cursor: of.cursors.list_sources }],
    get_status: [{}],
    preview_redaction: [{ text: `the agent ${of.agent.id}` }],
  };
}

/** What would tell one organisation of the other. */
const marks = (of: World) => [of.org, of.liveId, of.hitId, of.agent.id, of.investigation];

/** Whether an answer names what the caller did not say itself. */
function tells(answer: string, of: World, said: unknown): string[] {
  const own = JSON.stringify(said);
  return marks(of).filter((mark) => answer.includes(mark) && !own.includes(mark));
}

const listing = new Set(['list_actions', 'list_sources', 'get_status', 'preview_redaction']);

describe('an organisation', () => {
  it('finds nothing of another one with any tool and any id of it', async () => {
    const cases = callsWith(globex);
    expect(Object.keys(cases).sort(), 'every tool is tried').toEqual(bridge.bridge.registry.names.toSorted());
    for (const [tool, many] of Object.entries(cases)) {
      for (const args of many) {
        const { isError, structured, text } = await acme.caller.call(tool, args);
        expect(tells(text, globex, args), `${tool} ${JSON.stringify(args)}`).toEqual([]);
        if (listing.has(tool)) continue;
        expect({ tool, args, isError, code: structured.error?.code }).toEqual({ tool, args, isError: true, code: 'not_found' });
      }
    }
    expect((await globex.caller.call('list_actions', { status: 'pending' })).text).toContain(globex.liveId);
  });

  it('finds its own with the same calls, so that it is the organisation that keeps them apart', async () => {
    for (const [tool, many] of Object.entries(callsWith(acme))) {
      if (tool === 'cancel_actions') continue;
      for (const args of many) {
        const { structured } = await acme.caller.call(tool, args);
        expect({ tool, args, error: structured.error?.code === 'not_found' }).toEqual({ tool, args, error: false });
      }
    }
  });

  it('finds nothing of another one over any route of the HTTP API', async () => {
    const said = callsWith(globex);
    for (const route of routes) {
      for (const args of said[route.tool ?? ''] ?? []) {
        const request = requestOf(route, args);
        const response = await fetch(new URL(request.path, bridge.url), {
          method: route.method,
          headers: { authorization: `Bearer ${acme.key}`, 'content-type': 'application/json' },
          ...(request.body === undefined ? {} : { body: request.body }),
        });
        const text = await response.text();
        expect(tells(text, globex, [request, args]), `${route.method} ${request.path}`).toEqual([]);
        if (!listing.has(route.tool ?? '')) expect([request.path, response.status, text]).toEqual([request.path, 404, text]);
      }
    }
  });

  it('reads no resource of another one, and is listed none', async () => {
    for (const resource of allResources) {
      for (const actionId of [globex.liveId, globex.hitId]) {
        const uri = resource.uriTemplate.replace('{actionId}', actionId).replace('{number}', '1');
        await expect(acme.client.read(uri), uri).rejects.toThrow(/no such resource|not found|no action/i);
      }
    }
    const listed = JSON.stringify(await acme.client.resources());
    expect(tells(listed, globex, '')).toEqual([]);
    expect(listed).toContain(acme.hitId);
  });

  it('learns nothing from its own ids mixed with those of another one', async () => {
    const random = createRandom(Number(process.env.SIDELIGHT_TEST_SEED ?? freshSeed()));
    const pick = <T>(...of: [T, ...T[]]): T => random.pick(of);
    for (let round = 0; round < 60; round += 1) {
      const mixed = [acme.hitId, globex.hitId, globex.liveId, acme.liveId].filter(() => random.chance(0.6));
      const [tool, args] = pick<[string, Record<string, unknown>]>(
        ['compare_hits', { a: { actionIds: mixed }, b: { actionIds: [pick(acme.hitId, globex.hitId)] } }],
        [
          'take_snapshot',
          { ...onCheckout, waitSeconds: 0, condition: 'price < 0', source: { agentIds: [acme.agent.id, globex.agent.id] } },
        ],
        ['list_actions', { investigation: pick(acme.investigation, globex.investigation) }],
        ['take_snapshot', { ...onCheckout, waitSeconds: 0, condition: 'price < 0', investigation: globex.investigation }],
        ['get_hits', { actionId: pick(acme.hitId, globex.hitId), hit: pick(1, 2, 3), view: 'raw' }],
      );
      const { text, structured } = await acme.caller.call(tool, args);
      expect(tells(text, globex, args), `seed ${random.seed}, round ${round}, ${tool} ${JSON.stringify(args)}`).toEqual([]);
      if (structured.actionId !== undefined && tool === 'take_snapshot')
        await acme.caller.call('cancel_actions', { actionIds: [structured.actionId] });
    }
    expect(globex.agent.probes.armed, 'nothing was placed on the other one').toBe(1);
  });
});

/** The request of a route that says `args`: what is named in its path, the rest as query or body. */
function requestOf(route: Route, args: Record<string, unknown>): { path: string; body?: string } {
  const rest: Record<string, unknown> = { ...args };
  const path = route.path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const argument = route.as?.[name] ?? name;
    const value = [rest[argument] ?? (name === 'hit' ? 1 : 'none')].flat()[0];
    delete rest[argument];
    return encodeURIComponent(String(value));
  });
  if (route.method === 'POST') return { path: `/api/v1${path}`, body: JSON.stringify(rest) };
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(rest)) {
    if (!route.without?.includes(name)) query.set(name, typeof value === 'object' ? JSON.stringify(value) : String(value));
  }
  return { path: `/api/v1${path}${query.size === 0 ? '' : `?${query}`}` };
}
